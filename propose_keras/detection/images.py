"""Image files."""

import copy
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

    Attributes:
        names: Of the frames: the files' without suffix; with it, where two are alike.

    Raises:
        ImportError: If Pillow is not installed.
    """

    def __init__(self, files: Sequence[pathlib.Path], name: str) -> None:
        import_extra("PIL.Image", "Reading pictures", 'pip install ".[detection]"')
        self.files, self.name = list(files), name
        self.num_frames = len(self.files)
        self.names = [file.stem for file in self.files]
        if len(set(self.names)) < len(self.names):  # Of two kinds with one name.
            self.names = [file.name for file in self.files]

    def part(self, places: Sequence[int]) -> "ImageFrames":
        """Some of them, under the names that they have here."""
        part = copy.copy(self)
        part.files = [self.files[place] for place in places]
        part.names = [self.names[place] for place in places]
        part.num_frames = len(part.files)
        return part

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
        for name, file in zip(self.names, self.files):
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
