"""Model files of detectors, fetched once from where their authors publish them."""

import contextlib
import dataclasses
import io
import os
import pathlib

from propose_keras.detection.errors import DetectionError

_FOLDER = "propose_keras"


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """A file on the web that never changes.

    Attributes:
        url: Where its authors publish it.
        sha256: Its checksum.
        option: How a user passes a file of his own, for messages.
    """

    url: str
    sha256: str
    option: str

    def fetch(self, cache_dir: str | os.PathLike | None = None) -> pathlib.Path:
        """The file in the user's cache, fetched if it is not there.

        Args:
            cache_dir: An existing folder, by default Keras' own (`~/.keras`, or what
                the environment variable `KERAS_HOME` says).

        Raises:
            DetectionError: If it is not there and cannot be fetched.
        """
        import keras

        try:
            with contextlib.redirect_stdout(io.StringIO()):  # Its progress.
                path = keras.utils.get_file(
                    origin=self.url,
                    file_hash=self.sha256,
                    hash_algorithm="sha256",
                    cache_subdir=_FOLDER,
                    cache_dir=None if cache_dir is None else str(cache_dir),
                )
        except Exception as error:  # Keras raises `Exception` itself.
            raise DetectionError(
                f"The detector's model could not be fetched from {self.url}: {error}. "
                "Fetch it where there is a network, and pass the file with "
                f"{self.option}."
            ) from error
        return pathlib.Path(path)
