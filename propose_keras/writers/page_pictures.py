"""Pictures for a page: small JPEGs, no more than fit a browser."""

import base64
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from propose_keras.detection import Frames
from propose_keras.writers.base import Progress

# Pictures of a page, their longer sides in pixels, and bytes of all together.
MAX_PICTURES, _SIDES, MAX_BYTES = 600, (240, 720), 16_000_000
_QUALITY = 75


def check_pillow() -> None:
    """Raises ImportError with advice if Pillow is not installed."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Pictures in the viewer need Pillow. Install it with "
            '`pip install ".[visualization]"`.'
        ) from error


def page_pictures(
    frames: Frames, names: Sequence[int | str], progress: Progress
) -> tuple[list[dict[str, Any]], str]:
    """Pictures of frames, scaled down; evenly thinned if there are too many.

    Args:
        frames: All that there are; read up to the last one wanted.
        names: Of the frames wanted, in order.
        progress: Shows how many were read.

    Returns:
        For each picture the place of its frame in `names` (`frame`), the width and
        height in pixels that it had, and `jpeg` in base64; and a note for the reader.
    """
    step = math.ceil(len(names) / MAX_PICTURES)
    wanted = {names[place]: place for place in range(0, len(names), step)}
    num_wanted = len(wanted)
    pictures: list[dict[str, Any]] = []
    side, num_bytes, is_full = _SIDES[1], 0, False
    for frame in progress(frames, "embedding pictures", frames.num_frames):
        place = wanted.pop(frame.name, None)
        if place is None:
            continue
        jpeg = _jpeg(frame.image, side)
        if not pictures:
            # The others are about as large as the first.
            share = 0.8 * MAX_BYTES / (len(jpeg) * num_wanted)
            if share < 1:
                longest = min(side, max(frame.size))
                side = max(_SIDES[0], int(longest * math.sqrt(share)))
                jpeg = _jpeg(frame.image, side)
        num_bytes += len(jpeg)
        is_full = num_bytes > MAX_BYTES
        if is_full:
            break
        width, height = frame.size
        text = base64.b64encode(jpeg).decode()
        pictures.append(
            {"frame": place, "width": width, "height": height, "jpeg": text}
        )
        if not wanted:
            break
    pictures.sort(key=lambda picture: picture["frame"])
    if not pictures:
        return [], ""
    longest = max(max(one["width"], one["height"]) for one in pictures)
    note = f"pictures no larger than {side} pixels" if longest > side else ""
    if step > 1:
        note += f"{', ' if note else 'pictures '}of one frame in {step}"
    if is_full:
        note += f"{', ' if note else 'pictures '}of the first {len(pictures)}"
    return pictures, note


def _jpeg(image: np.ndarray, side: int) -> bytes:
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
