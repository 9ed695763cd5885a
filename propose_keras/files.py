"""Files and folders that appear whole or not at all.

What is written goes into a hidden folder next to its destination, on the same disk, and
is renamed when it is complete. A process that is killed leaves that folder behind; the
next one that writes to the same destination removes it. A lock, which ends with its
process, distinguishes a folder in use from one left behind.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows: nothing is removed there.
    fcntl = None

_SUFFIX = ".writing"
_LOCK = ".writer.lock"
# Seconds after which a folder without a lock was left behind: one in use gets its lock
# at once.
_GRACE = 60.0


@contextlib.contextmanager
def staging_folder(destination: str | os.PathLike) -> Iterator[pathlib.Path]:
    """A hidden folder next to `destination`, removed at the end of the block.

    Args:
        destination: The file or folder that is to be written. Folders that dead
            processes left while writing it are removed.

    Yields:
        The folder; move what is complete out of it.

    Raises:
        OSError: If the folder of `destination` cannot be written to.
    """
    destination = pathlib.Path(destination)
    _remove_leftovers(destination)
    folder, lock = _make_locked(destination)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """A path to write to; what is there at the end of the block becomes `path`.

    If the block ends with an exception, a file that was at `path` stays as it was.

    Args:
        path: The file. Its folder must exist.

    Yields:
        A path with the same name in another folder.

    Raises:
        OSError: If the folder cannot be written to, or `path` is a folder.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; expected the name of a file.")
    with staging_folder(path) as folder:
        staged = folder / path.name
        yield staged
        os.replace(staged, path)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Writes a text file whole or not at all; its folder is made if missing."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as staged:
        staged.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """As `whole_file`, of a folder; one that was at `path` is replaced.

    Yields:
        An empty folder to write into.
    """
    path = pathlib.Path(path)
    with staging_folder(path) as folder:
        staged = folder / path.name
        staged.mkdir()
        yield staged
        if path.is_dir():
            # In two steps: a folder cannot be renamed onto one that is not empty.
            os.replace(path, folder / "replaced")
        os.replace(staged, path)


def _make_locked(destination):
    while True:
        folder = pathlib.Path(
            tempfile.mkdtemp(
                prefix=f".{destination.name}.", suffix=_SUFFIX, dir=destination.parent
            )
        )
        if fcntl is None:
            return folder, None
        with contextlib.suppress(OSError):  # Taken for a leftover, and removed.
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
            if _lock(lock) and folder.is_dir():
                return folder, lock
            os.close(lock)


def _lock(lock) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # A file system without locks.
        return True
    return True


def _remove_leftovers(destination):
    if fcntl is None:
        return
    pattern = f".{_escaped(destination.name)}.*{_SUFFIX}"
    for folder in destination.parent.glob(pattern):
        with contextlib.suppress(OSError):
            if not (folder / _LOCK).exists():
                if time.time() - folder.stat().st_mtime > _GRACE:
                    shutil.rmtree(folder)
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _escaped(name):
    """A name as a pattern of `glob` that matches it alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
