"""Encoders of video, which hold no more than a frame in memory."""

import contextlib
import pathlib
import struct
from collections.abc import Callable, Generator

import numpy as np

from propose_keras.visualization.frame_painter import PAPER
from propose_keras.visualization.skeleton import (
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    RIGHT_COLOR,
)

Encoder = Callable[
    [pathlib.Path, tuple[int, int], float], Generator[None, np.ndarray | None, None]
]
_HINT = "Install it with `pip install propose-keras[visualization]`."


def mp4_encoder() -> Encoder:
    """Makes mp4: H.264 in yuv420p, as browsers play it.

    Returns:
        A function of the file's path, width and height (even), and frames per second.
        It gives a generator: after `next` it takes frames `(height, width, 4)` uint8 by
        `send`, and None at the end, when the file is complete.

    Raises:
        ImportError: If imageio-ffmpeg is not installed.
    """
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImportError(f"Writing mp4 needs imageio-ffmpeg. {_HINT}") from error

    def encode(path, size, frame_rate):
        stream = imageio_ffmpeg.write_frames(
            str(path),
            size,
            fps=frame_rate,
            pix_fmt_in="rgba",
            codec="libx264",
            quality=None,
            macro_block_size=2,
            ffmpeg_log_level="error",
            output_params=[
                *("-preset", "veryfast", "-crf", "20"),
                # Players may begin before they have read all.
                *("-movflags", "+faststart"),
            ],
        )
        stream.send(None)
        count = 0
        with contextlib.closing(stream):
            while (frame := (yield)) is not None:
                stream.send(frame)
                count += 1
        # The library does not tell whether ffmpeg came to its end.
        found = imageio_ffmpeg.count_frames_and_secs(str(path))[0]
        if found != count:
            raise OSError(f"ffmpeg wrote {found} of {count} frames to {path.name}.")
        yield

    return encode


def gif_encoder() -> Encoder:
    """Makes gif, repeated for ever, at no more than 50 frames per second.

    Pillow's own way of saving many frames holds all of them in memory.

    Returns:
        As `mp4_encoder`.

    Raises:
        ImportError: If pillow is not installed.
    """
    try:
        from PIL import GifImagePlugin, Image
    except ImportError as error:
        raise ImportError(f"Writing gif needs pillow. {_HINT}") from error

    def encode(path, size, frame_rate):
        palette = Image.new("P", (1, 1))
        palette.putpalette(_gif_palette())
        with open(path, "wb") as file:
            # One table of 256 colours for all frames, shown again and again.
            file.write(b"GIF89a" + struct.pack("<2H3B", *size, 0xF7, 0, 0))
            file.write(_gif_palette())
            file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
            shown, due = 0, 0.0  # In hundredths of a second.
            while (frame := (yield)) is not None:
                due += 100 / frame_rate
                duration = max(2, round(due) - shown)
                shown += duration
                image = Image.fromarray(frame).convert("RGB")
                image = image.quantize(palette=palette, dither=Image.Dither.NONE)
                file.writelines(
                    GifImagePlugin.getdata(image, duration=10 * duration, disposal=1)
                )
            file.write(b";")
        yield

    return encode


def _gif_palette() -> bytes:
    """256 colours: what lies between those that are drawn and what they are drawn on.

    Pillow tells colours apart no better than by 4 in 255, so that they may not be
    closer.
    """
    pairs = [("#FFFFFF", "#000000"), ("#FFFFFF", HYPOTHESIS_COLOR)]
    pairs += [(PAPER, c) for c in (LEFT_COLOR, RIGHT_COLOR, HYPOTHESIS_COLOR)]
    ends = np.array([[[*bytes.fromhex(c[1:])] for c in pair] for pair in pairs])
    share = np.linspace(0, 1, 32)[:, None, None]
    colors = (1 - share) * ends[:, 0] + share * ends[:, 1]
    colors = np.pad(colors.reshape(-1, 3), ((0, 256 - 32 * len(pairs)), (0, 0)))
    return colors.round().astype(np.uint8).tobytes()


ENCODERS = {".mp4": mp4_encoder, ".gif": gif_encoder}
