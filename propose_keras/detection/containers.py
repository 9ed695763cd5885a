"""Whether a video file is whole, from the sizes that its container states.

Decoders give what is left of a file that was cut short as if it were all.

- MP4, MOV and their kin, ISO/IEC 14496-12: boxes of size and type.
- AVI: RIFF chunks.
- Matroska and WebM, RFC 8794 and RFC 9559: an EBML header, then a segment.
"""

import pathlib
import struct

from propose_keras.detection.errors import DetectionError

_EBML, _SEGMENT = bytes.fromhex("1A45DFA3"), bytes.fromhex("18538067")
# What cannot be spared. Programs append data of their own behind the last box.
_BOXES = (b"mdat", b"moov", b"moof")
_FIRST_BOXES = (*_BOXES, b"ftyp", b"styp", b"wide", b"free", b"skip")


def check_whole(path: pathlib.Path) -> None:
    """Refuses a video file that ends before its container says.

    Containers that state no size, as of streams, pass.

    Raises:
        DetectionError: If it does.
        OSError: If the file cannot be read.
    """
    actual = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(12)
        if start[4:8] in _FIRST_BOXES:
            stated = _end_of_boxes(file, actual)
        elif start[:4] == b"RIFF":
            # Not counting the header: a few bytes more or less are of the writer.
            stated = int.from_bytes(start[4:8], "little")
        elif start[:4] == _EBML:
            stated = _end_of_segment(file)
        else:
            stated = 0
    if stated > actual:
        raise DetectionError(
            f"{path} is cut short: it has {actual:,} bytes, by its header "
            f"{stated:,}. Copy it again, or save what is there as a video of its own "
            f"with `ffmpeg -i {path.name} REST.mp4`."
        )


def _end_of_boxes(file, actual):
    """Where the last box that matters should end."""
    position, end = 0, 0
    while position + 8 <= actual:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        if size == 1:
            size = int.from_bytes(file.read(8), "big")
        if size < 8:  # 0: to the end of the file.
            break
        position += size
        if kind in _BOXES:
            end = position
    return end


def _end_of_segment(file):
    file.seek(4)
    header = _ebml_size(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return 0
    size = _ebml_size(file)
    return 0 if size is None else file.tell() + size


def _ebml_size(file):
    """A size as EBML writes it; None if it is unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), "big")
    value -= 1 << (7 * length)
    return None if value == (1 << (7 * length)) - 1 else value
