"""How a text is encoded."""

import codecs
import pathlib


def encoding_of(path: pathlib.Path) -> str:
    """UTF-16 if the file begins with its byte-order mark, else UTF-8."""
    with open(path, "rb") as file:
        start = file.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return "utf-8-sig"
