"""Encoders of video by ffmpeg, which hold no more than a frame in memory."""

import contextlib
import pathlib
import subprocess
import tempfile
from collections.abc import Callable, Generator, Sequence

import numpy as np

# Given a path, a size and a rate; takes frames and, at the end, None.
Encoder = Callable[
    [pathlib.Path, tuple[int, int], float], Generator[None, np.ndarray | None, None]
]
# What a gif shows at most, in frames per second.
_GIF_RATE = 50.0


def make_encoder(suffix: str) -> Encoder:
    """An encoder of `.mp4` (H.264 in yuv420p, as browsers play it) or `.gif`.

    A gif is repeated for ever, at no more than 50 frames per second, with one palette
    for all frames.

    Args:
        suffix: `".mp4"` or `".gif"`.

    Returns:
        A function of the file's path, width and height (even), and frames per second.
        It gives a generator: after `next` it takes frames `(height, width, 4)` uint8 by
        `send`, and None at the end, when the file is complete. It raises OSError if
        ffmpeg fails.

    Raises:
        ImportError: If imageio-ffmpeg is not installed.
    """
    try:
        import imageio_ffmpeg

        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise ImportError(
            f"Writing {suffix[1:]} needs imageio-ffmpeg. Install it with "
            '`pip install ".[visualization]"`.'
        ) from error
    program = [ffmpeg, "-y", "-loglevel", "error"]
    return _Gif(program) if suffix == ".gif" else _Mp4(program)


class _Mp4:
    def __init__(self, program: Sequence[str]):
        self._program = program

    def __call__(self, path, size, frame_rate):
        options = ["-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
        # Players may begin before they have read all.
        options += ["-c:v", "libx264", "-movflags", "+faststart"]
        yield from _encode(self._program, options, path, size, frame_rate)
        yield


class _Gif:
    """In two passes over a lossless video: a palette is of all frames."""

    def __init__(self, program: Sequence[str]):
        self._program = program

    def __call__(self, path, size, frame_rate):
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            lossless, palette = f"{folder}/lossless.mkv", f"{folder}/palette.png"
            options = ["-c:v", "ffv1", "-pix_fmt", "bgr0"]
            yield from _encode(
                self._program, options, pathlib.Path(lossless), size, frame_rate
            )
            rate = f"fps={min(frame_rate, _GIF_RATE):.6g}"
            read = [*self._program, "-i", lossless]
            _run([*read, "-vf", "palettegen=stats_mode=full", palette], path)
            show = f"{rate},paletteuse=dither=none:diff_mode=rectangle"
            _run([*read, "-i", palette, "-lavfi", show, "-loop", "0", str(path)], path)
        yield


def _encode(program, options, path, size, frame_rate):
    """Sends frames to ffmpeg; ends after the None."""
    source = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{size[0]}x{size[1]}"]
    source += ["-framerate", f"{frame_rate:.6g}", "-i", "-", "-an"]
    with tempfile.TemporaryFile() as errors:
        # Not the library's own way, which forks: JAX warns of deadlocks then.
        process = subprocess.Popen(
            [*program, *source, *options, str(path)],
            stdin=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdin is not None
        try:
            while (frame := (yield)) is not None:
                process.stdin.write(np.ascontiguousarray(frame).data)
        except BrokenPipeError:
            pass  # It ended early; its message comes below.
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            code = process.wait()
        if code:
            errors.seek(0)
            raise _failure(path, code, errors.read(2000))


def _run(command, path):
    process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    if process.returncode:
        raise _failure(path, process.returncode, process.stderr[:2000])


def _failure(path, code, message):
    message = message.decode(errors="replace").strip() or "it gave no reason"
    return OSError(f"ffmpeg could not write {path.name}, exit code {code}: {message}.")
