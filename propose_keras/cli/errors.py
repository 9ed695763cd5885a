"""How the command-line programs end when the user asked for the impossible."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence

from absl import app, flags, logging

EXIT_USER_ERROR = 2


class UserError(Exception):
    """A mistake that the user can fix: shown as one message, no traceback.

    The message says what happened, what was expected and how to fix it.
    """


@contextlib.contextmanager
def user_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Makes errors of these classes, raised inside a `with`, a `UserError`."""
    try:
        yield
    except kinds as error:
        raise UserError(str(error)) from error


def run_main(
    main: Callable[[Sequence[str]], object], positionals: Sequence[str] = ()
) -> None:
    """Runs an absl `main(argv)` and ends the process with its exit code.

    A `UserError`, or a disk that is full, is printed to standard error and ends the
    process with code 2, which is also what wrong flags end with. Any other exception is
    a defect of the program and keeps its traceback.

    Args:
        main: Takes the positional arguments (the program's name first); what it
            returns is the exit code, `None` meaning success.
        positionals: Names of the arguments that are no flags; all are required, and
            may stand before the flags.
    """
    if positionals:
        flags.FLAGS.set_gnu_getopt()

    def guarded(argv: Sequence[str]) -> object:
        if not flags.FLAGS["verbosity"].present:
            # TFDS and JAX tell at length what they do; --verbosity=0 shows it.
            logging.set_verbosity(logging.WARNING)
        try:
            missing = positionals[len(argv) - 1 :]
            if missing:
                raise UserError(f"Missing: {' '.join(missing)}. See --help.")
            unexpected = argv[1 + len(positionals) :]
            if unexpected:
                raise UserError(
                    f"Unexpected arguments: {' '.join(unexpected)}. All settings are "
                    "flags, such as --workdir=DIR; --help lists them."
                )
            return main(argv)
        except UserError as error:
            print(f"Error: {error}", file=sys.stderr)
            return EXIT_USER_ERROR
        except OSError as error:
            if not is_full_disk(error):
                raise
            print(
                f"Error: The disk is full, nothing more could be written ({error}). "
                "Make room and repeat the command.",
                file=sys.stderr,
            )
            return EXIT_USER_ERROR

    app.run(guarded, flags_parser=_parse_flags)


def is_full_disk(error: OSError) -> bool:
    """Whether an error says that a disk, a quota or a size limit was reached."""
    # HDF5 reports the system's error in its text only.
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return error.errno in full or any(os.strerror(n) in str(error) for n in full)


def _parse_flags(argv: Sequence[str]) -> Sequence[str]:
    """Parses flags; a wrong one ends the process with one line and code 2."""
    try:
        return flags.FLAGS(list(argv))
    except flags.Error as error:
        print(f"Error: {error} (--help lists the flags.)", file=sys.stderr)
        sys.exit(EXIT_USER_ERROR)
