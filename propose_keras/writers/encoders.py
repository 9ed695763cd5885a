"""Encoders of video, which hold no more than a frame in memory."""

import contextlib
import pathlib
import struct
import subprocess
import tempfile
from collections.abc import Callable, Generator

import numpy as np

from propose_keras.drawing import (
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    RIGHT_COLOR,
)
from propose_keras.writers.frame_painter import PAPER

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

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise ImportError(f"Writing mp4 needs imageio-ffmpeg. {_HINT}") from error

    def encode(path, size, frame_rate):
        command = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"),
            *("-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{size[0]}x{size[1]}"),
            *("-framerate", f"{frame_rate:.6g}", "-i", "-", "-an", "-c:v", "libx264"),
            *("-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
            # Players may begin before they have read all.
            *("-movflags", "+faststart", str(path)),
        ]
        with tempfile.TemporaryFile() as errors:
            # Not the library's own way, which forks: JAX warns of deadlocks then.
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
            try:
                while (frame := (yield)) is not None:
                    process.stdin.write(np.ascontiguousarray(frame).data)
            except BrokenPipeError:
                pass  # It ended early; what it said comes below.
            except BaseException:
                process.kill()
                raise
            finally:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
                code = process.wait()
            if code:
                errors.seek(0)
                said = errors.read(2000).decode(errors="replace").strip()
                raise OSError(
                    f"ffmpeg could not write {path.name}, exit code {code}: "
                    f"{said or 'it did not say why'}."
                )
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
