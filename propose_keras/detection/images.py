"""Image files."""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np

from propose_keras.detection.errors import DetectionError, import_extra
from propose_keras.detection.frames import Frame, Frames

SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif"),
)


class ImageFrames(Frames):
    """Image files, turned upright as their EXIF orientation asks for.

    Args:
        files: Paths, at least one.
        name: What to call them in messages.

    Raises:
        ImportError: If Pillow is not installed.
    """

    def __init__(self, files: Sequence[pathlib.Path], name: str) -> None:
        import_extra("PIL.Image", "Reading pictures", 'pip install ".[detection]"')
        self.files, self.name = list(files), name
        self.num_frames = len(self.files)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels that all frames fit into."""
        sizes = []
        for file in self.files:
            with _open(file) as image:
                width, height = image.size
                # Tag 274: from 5 the sides change places.
                turned = image.getexif().get(274, 1) in (5, 6, 7, 8)
                sizes.append((height, width) if turned else (width, height))
        return max(w for w, _ in sizes), max(h for _, h in sizes)

    def __iter__(self) -> Iterator[Frame]:
        """Reads the files in turn.

        Raises:
            DetectionError: If one is damaged or no image.
        """
        names = [file.stem for file in self.files]
        if len(set(names)) < len(names):  # Of two kinds with one name.
            names = [file.name for file in self.files]
        for name, file in zip(names, self.files):
            yield Frame(name, _read(file))


def _open(file):
    from PIL import Image

    try:
        return Image.open(file)
    except (OSError, Image.DecompressionBombError) as error:
        raise _cannot_read(file, error) from error


def _read(file):
    from PIL import ImageOps

    with _open(file) as image:
        try:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
        except (OSError, SyntaxError, ValueError) as error:  # What Pillow raises.
            raise _cannot_read(file, error) from error


def _cannot_read(file, error):
    return DetectionError(
        f"{file} cannot be read as a picture: {error}. It may be damaged or cut short; "
        "of another kind, save it as JPEG or PNG."
    )
