"""Writes the videos that tests read."""

import subprocess

import numpy as np


def ffmpeg(*arguments):
    import imageio_ffmpeg

    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y"]
    subprocess.run([*program, *map(str, arguments)], check=True)


def write_video(path, frames, *options, rate=25):
    """Frames `(height, width, 3)` uint8 as a video; options go before the output."""
    frames = np.ascontiguousarray(frames)
    raw = path.with_name(f"{path.name}.raw")
    raw.write_bytes(frames.tobytes())
    size = f"{frames.shape[2]}x{frames.shape[1]}"
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", rate, "-i", raw]
    ffmpeg(*source, "-pix_fmt", "yuv420p", *options, path)
    raw.unlink()
    return path


def counting_frames(count, height=96, width=128):
    """Frames with a red corner at the top left and a bar that shows their number."""
    frames = np.full((count, height, width, 3), 90, np.uint8)
    frames[:, : height // 3, : width // 4] = 200, 30, 30
    for number in range(count):
        frames[number, -16:, : 4 * (number + 1)] = 255
    return frames


def number_shown(image):
    """The number of one of `counting_frames`."""
    return round((image[-8, :, :].mean(axis=-1) > 170).sum() / 4) - 1


def moving_crops(picture, count, size):
    """Crops `(count, height, width, 3)` that move over a picture."""
    width, height = size
    room = np.array([picture.shape[1] - width, picture.shape[0] - height])
    corners = room * (0.5 - 0.5 * np.cos(np.arange(count)[:, None] / [9, 13]))
    return np.stack(
        [picture[y : y + height, x : x + width] for x, y in corners.astype(int)]
    )
