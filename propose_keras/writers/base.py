"""The template of all writers of lifted poses."""

import contextlib
import os
import pathlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any, ClassVar, Protocol, Self

from propose_keras.files import staging_folder
from propose_keras.inference.results import LiftedPoses


class Progress(Protocol):
    """Shows how far a writer is."""

    def __call__(
        self, items: Iterable[Any], what: str, total: int | None = None
    ) -> Iterable[Any]:
        """Gives the items as they come."""
        ...


def no_progress(
    items: Iterable[Any], what: str, total: int | None = None
) -> Iterable[Any]:
    """The `Progress` that shows nothing."""
    return items


class PoseWriter:
    """Writes poses batch by batch; the files appear when all are complete.

    Use it in a `with` statement. Leaving the block by an exception leaves no trace; a
    file that was there before then stays as it was.

    A subclass names its `SUFFIXES`, appends batches in `write`, and makes its files in
    `_finish`. Whatever it opens goes to `self._stack`, and what it writes on the way
    into `self._folder`, a hidden folder that is removed at the end.

    Args:
        path: File to write.

    Attributes:
        path: The path given.
        paths: The files written, once the block has ended.
        notes: Sentences for the user about what was written.
        omissions: Sentences about what was left out, a warning rather than a note.

    Raises:
        ValueError: If the suffix is none of `SUFFIXES`.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES: ClassVar[tuple[str, ...]] = ()
    # Options of `open_writer` that the constructor takes.
    OPTIONS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = check_suffix(path, self.SUFFIXES)
        _refuse_folder(self.path)
        self.paths: list[pathlib.Path] = []
        self.notes: list[str] = []
        self.omissions: list[str] = []
        self._staging = contextlib.ExitStack()
        self._folder = self._staging.enter_context(staging_folder(self.path))
        self._stack = contextlib.ExitStack()

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        raise NotImplementedError

    def _open(
        self,
        name: str,
        mode: str,
        encoding: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Opens a file of the hidden folder, to be closed with the block."""
        path = self._folder / name
        file = open(path, mode, encoding=encoding, newline=newline)  # noqa: SIM115
        return self._stack.enter_context(file)

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        """Makes the files; returns their final paths and where they are now.

        Raises:
            ValueError: If there is nothing to write.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind, value, traceback) -> None:
        with self._staging:
            if kind is not None:
                # Closing a file writes what it holds, which a full disk refuses again.
                with contextlib.suppress(OSError):
                    self._stack.close()
                return
            with self._stack:
                finished = self._finish()
            for path in finished:
                _refuse_folder(path)
            for path, source in finished.items():
                os.replace(source, path)
                self.paths.append(path)


class PoseWriters:
    """Several writers as one; their files are finished in their order.

    If one cannot be finished, those after it are discarded.

    Args:
        makers: Functions without arguments that make the writers.
    """

    def __init__(self, makers: Iterable[Callable[[], PoseWriter]]) -> None:
        self.writers: list[PoseWriter] = []
        try:
            self.writers.extend(make() for make in makers)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch to all."""
        for writer in self.writers:
            writer.write(poses)

    @property
    def paths(self) -> list[pathlib.Path]:
        """The files written, once the block has ended."""
        return [path for writer in self.writers for path in writer.paths]

    @property
    def notes(self) -> list[str]:
        """Sentences for the user about what was written."""
        return [note for writer in self.writers for note in writer.notes]

    @property
    def omissions(self) -> list[str]:
        """Sentences about what was left out."""
        return [note for writer in self.writers for note in writer.omissions]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception) -> None:
        # The first one pushed is the last one closed.
        stack = contextlib.ExitStack()
        for writer in reversed(self.writers):
            stack.push(writer)
        stack.__exit__(*exception)


def file_name(name: int | str) -> str:
    """A person's name as part of a file's name: letters, digits, `-` and `_`."""
    return re.sub(r"[^\w-]", "_", str(name))[:80]


def check_suffix(path: str | os.PathLike, suffixes: Sequence[str]) -> pathlib.Path:
    """The path, whose name must end in one of the suffixes, in either case.

    Raises:
        ValueError: If it does not.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"expected a name that ends in {' or '.join(suffixes)}, not {path.name!r}."
        )
    return path


def _refuse_folder(path: pathlib.Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(
            f"{path} is a folder; expected the name of a file, such as "
            f"{path / f'poses{path.suffix}'}."
        )
