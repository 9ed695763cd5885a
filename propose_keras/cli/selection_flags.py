"""The flags that choose what of a source is lifted, and what of it is written."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from absl import flags

from propose_keras.cli.errors import UserError
from propose_keras.inference import FrameRange
from propose_keras.writers import ARRAY_SUFFIXES, FRAME_SUFFIXES, SAVED_FIELDS


def define_selection_flags(values: flags.FlagValues) -> None:
    """Defines the flags."""
    flags.DEFINE_string(
        "frames",
        None,
        "A:B, the frames of INPUT to lift, by number, B not included; 100: and :100 "
        "are from 100 on and up to 99.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "save",
        None,
        "What npz and JSON hold beside frames and people, by default all: "
        f"{', '.join(SAVED_FIELDS)}.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_frames",
        None,
        "Frames that a page shows, evenly spread, by default 600, and that a video "
        "shows, the first ones, by default 3000.",
        1,
        flag_values=values,
    )


@dataclasses.dataclass(frozen=True)
class Selection:
    """What was chosen.

    Attributes:
        frames: Those to lift; None: all.
        fields: Names of the arrays to save; None: all.
        max_frames: Of pages and videos; None: their own.
    """

    frames: FrameRange | None
    fields: tuple[str, ...] | None
    max_frames: int | None


def parse_selection(values: Any, paths: Sequence[pathlib.Path]) -> Selection:
    """What the flags choose.

    Args:
        values: The flags of `define_selection_flags`, parsed.
        paths: The outputs.

    Raises:
        UserError: If a flag cannot be read, or has nothing to choose from.
    """
    suffixes = {path.suffix.lower() for path in paths}
    if values.save is not None and suffixes.isdisjoint(ARRAY_SUFFIXES):
        raise UserError("--save chooses what npz and JSON hold; no output is one.")
    if values.max_frames is not None and suffixes.isdisjoint(FRAME_SUFFIXES):
        raise UserError(
            "--max_frames is for pages and videos; no output is one. --frames=A:B "
            "chooses the frames to lift."
        )
    names = values.save and tuple(dict.fromkeys(map(str.strip, values.save)))
    return Selection(parse_frames(values.frames), names, values.max_frames)


def parse_frames(text: str | None) -> FrameRange | None:
    """The frames of `A:B`, or None.

    Raises:
        UserError: If the text is something else, or there is nothing between A and B.
    """
    if not text:
        return None
    try:
        start, stop = (int(part) if part.strip() else None for part in text.split(":"))
    except ValueError:
        raise UserError(
            f"--frames={text}: expected A:B, two numbers of frames, as in 100:200."
        ) from None
    try:
        return FrameRange(start or 0, stop)
    except ValueError as error:
        raise UserError(f"--frames={text}: {error}") from None
