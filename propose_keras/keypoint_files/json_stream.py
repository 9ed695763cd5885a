"""Reads a long JSON array, or JSON Lines, one element at a time."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, TextIO

from propose_keras.keypoint_files.records import KeypointFileError

_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 24
_SPACE = " \t\r\n"


def first_character(file: TextIO) -> str:
    """The first character that is no white space, `""` at the end; rewinds the file."""
    while (character := file.read(1)) and character in _SPACE + "\ufeff":
        pass
    file.seek(0)
    return character


def iterate_array(file: TextIO, name: str) -> Iterator[Any]:
    """Yields the elements of a JSON array, one at a time.

    Args:
        file: Text file whose first value is an array.
        name: The file's name, for errors.

    Raises:
        KeypointFileError: If the text ends early or is not JSON.
    """
    buffer = _Buffer(file)
    buffer.skip()
    buffer.position += 1  # The bracket.
    decoder = json.JSONDecoder()
    first = True
    while (character := buffer.skip()) != "]":
        if not first:
            if character != ",":
                raise _error(name, buffer, "expected a comma or the array's end")
            buffer.position += 1
            character = buffer.skip()
        first = False
        yield unwrapped(buffer.decode(decoder, name))
    buffer.position += 1
    if buffer.skip():
        raise _error(name, buffer, "more text after the array")


def load_document(file: TextIO, name: str) -> Any:
    """Loads a whole JSON file.

    Raises:
        KeypointFileError: If the text is not JSON or ends early.
    """
    try:
        return unwrapped(json.load(file))
    except UnicodeError:
        raise
    except json.JSONDecodeError as error:
        raise KeypointFileError(
            f"{name} is not JSON or is cut short: {error}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _too_large(name, error) from error


def unwrapped(value: Any) -> Any:
    """A value, or what a text holds that is JSON, as Ultralytics' `to_json` returns."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def are_lines(file: TextIO) -> bool:
    """Whether a text is JSON Lines: a value in its first line, another one behind."""
    line = file.readline(_LONGEST_LINE)
    behind = file.readline(_CHUNK).lstrip()[:1] if line.endswith("\n") else ""
    file.seek(0)
    if behind not in ("[", "{"):
        return False
    try:
        return isinstance(json.loads(line), list | dict)
    except (ValueError, RecursionError):
        return False


def iterate_lines(file: TextIO, name: str) -> Iterator[Any]:
    """Yields the values of JSON Lines, one at a time.

    Raises:
        KeypointFileError: If a line is not JSON.
    """
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield unwrapped(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise KeypointFileError(
                    f"{name}, line {number}, is not JSON or is cut short: {error}."
                ) from error


class _Buffer:
    """A window of the text; `position` is where reading goes on in it."""

    def __init__(self, file: TextIO):
        self._file = file
        self._start = 0
        self.text = ""
        self.position = 0

    @property
    def offset(self) -> int:
        return self._start + self.position

    def skip(self) -> str:
        """Moves to the next character that is no white space and returns it."""
        while True:
            while self.position < len(self.text):
                if self.text[self.position] not in _SPACE + "\ufeff":
                    return self.text[self.position]
                self.position += 1
            if not self._more():
                return ""

    def decode(self, decoder: json.JSONDecoder, name: str) -> Any:
        """Reads the object at the position, fetching text until it is complete."""
        while True:
            try:
                value, end = decoder.raw_decode(self.text, self.position)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise _error(name, self, error.msg) from error
            except (ValueError, RecursionError) as error:
                raise _too_large(name, error) from error
            else:
                # A number's next digits may not be read yet.
                whole = isinstance(value, dict | list) or end < len(self.text)
                length = end - self.position
                if whole or not self._more():
                    self.position += length
                    return value

    def _more(self) -> bool:
        # Twice as much each time, so that a long object is not parsed too often.
        rest = self.text[self.position :]
        read = self._file.read(max(_CHUNK, len(rest)))
        self._start += self.position
        self.text, self.position = rest + read, 0
        return bool(read)


def _too_large(name: str, error: Exception) -> KeypointFileError:
    """The error of JSON that is nested too deeply, or has endless numbers."""
    return KeypointFileError(f"{name} is JSON that cannot be read: {error}.")


def _error(name: str, buffer: _Buffer, message: str) -> KeypointFileError:
    return KeypointFileError(
        f"{name} is not JSON or is cut short at character {buffer.offset}: {message}."
    )
