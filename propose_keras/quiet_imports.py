"""Imports of backends without what they print or do in passing."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# Notes of TensorFlow's and MediaPipe's C++ code: informational, that no GPU driver is
# installed, and what MediaPipe's own graphs do that it warns of.
_NOTES = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog"
    rb"|WARNING: Logging before InitGoogle\(\)"
    rb"|INFO: Created TensorFlow Lite"
    rb"|INFO: \[\w+\.cc:\d+\]"
    rb"|WARNING: \[model_load\.cc:\d+\] Sparsity tensors"
    rb"|W\d{4} [\d:.]+ +\d+ (inference_feedback_manager"
    rb"|inference_runner_litert|landmark_projection_calculator)"
    rb"|I\d{4} [\d:.]+ +\d+ \S+\.cc:\d+\]"
    rb"|To enable the following instructions:"
    rb"|E\d{4} [\d:.]+ +\d+ cuda_platform\.cc:\d+\] failed call to cuInit.*\(303\)"
)


@contextlib.contextmanager
def without(package: str) -> Iterator[None]:
    """Makes a package look as if it were not installed, unless it is loaded already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        del sys.modules[package]


@contextlib.contextmanager
def without_notes() -> Iterator[None]:
    """Drops the notes that C++ code prints, see `_NOTES`; all else is printed after.

    They come before its logging is set up, so that `TF_CPP_MIN_LOG_LEVEL` has no power
    over them. Where that variable is set to 0 everything is printed.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") == "0":
        yield
        return
    sys.stderr.flush()
    try:
        standard_error = os.dup(2)
    except OSError:  # Closed.
        yield
        return
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            os.close(standard_error)
            printed.seek(0)
            for line in printed:
                if not _NOTES.match(line):
                    os.write(2, line)
