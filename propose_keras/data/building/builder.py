"""The base class of builders: what a failed build comes down to, and a count."""

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds

from propose_keras.data.errors import DataFileError

# Comes with Beam. The newest `DirectRunner` first tries to download a helper.
LOCAL_RUNNER = "FnApiRunner"
# What Beam adds to the message of an error in a worker, with the step's name.
_WORKER_SUFFIX = " [while running "
# Errors of readers, whose messages are complete.
_PLAIN_ERRORS = {cls.__name__: cls for cls in (DataFileError, FileNotFoundError)}

Example = tuple[str, Mapping[str, Any]]


class ClipsBuilder(tfds.core.GeneratorBasedBuilder):
    """Builds clips.

    A subclass defines `_info`, with `building.clip_features`, and `_split_generators`,
    whose examples come from `building.clip_example`. Where Beam makes the examples it
    also sets `num_clips`, the number of them by split, which is compared with what was
    written: a runner may lose clips without an error.
    """

    num_clips: Mapping[str, int] = {}

    def download_and_prepare(
        self, *, download_config: Any = None, **kwargs: Any
    ) -> None:
        """Builds the data set; see `tfds.core.DatasetBuilder.download_and_prepare`.

        Errors of readers come out of Beam's workers as they were raised.

        Raises:
            DataFileError: If a source is damaged.
            OSError: If the disk is full; nothing of the data set is kept.
            RuntimeError: If clips were lost; the data set is removed.
        """
        download_config = download_config or tfds.download.DownloadConfig()
        if not (download_config.beam_runner or download_config.beam_options):
            download_config.beam_runner = LOCAL_RUNNER
        try:
            super().download_and_prepare(download_config=download_config, **kwargs)
        except Exception as error:
            plain = plain_error(error, self.data_path)
            if plain is None:
                raise
            raise plain from error
        self._check_num_clips()

    def _check_num_clips(self):
        for split, expected in self.num_clips.items():
            written = self.info.splits[split].num_examples
            if written != expected:
                self.data_path.rmtree()
                raise RuntimeError(
                    f"Beam wrote {written} of {expected} clips of the split {split!r}. "
                    "The data set was removed. Build it again, in one process if it "
                    "happens again (--beam_pipeline_options=runner=FnApiRunner)."
                )


def some_clips(split: str, examples: Iterable[Example]) -> Iterator[Example]:
    """The examples of a split, of which there must be one.

    Raises:
        DataFileError: If there is none.
    """
    is_empty = True
    for example in examples:
        is_empty = False
        yield example
    if is_empty:
        raise DataFileError(
            f"The split {split!r} came out empty: of its sources none has a clip that "
            "the config asks for."
        )


def generate_in_parallel(items: Sequence[Any], make_examples: Callable) -> Any:
    """Examples made by Apache Beam's workers, for `_split_generators` to return.

    Args:
        items: What to make examples of; each goes to a worker.
        make_examples: Yields the keys and examples of an item. It travels to the
            workers: a function of a module that they can import, or a
            `functools.partial` of one.

    Returns:
        A Beam transform.
    """
    beam = tfds.core.lazy_imports.apache_beam
    return (
        beam.Create(items)
        | beam.Reshuffle()
        | "MakeExamples" >> beam.FlatMap(make_examples)
    )


def plain_error(error: BaseException, folder: str | os.PathLike) -> Exception | None:
    """What a failed build comes down to, out of a worker's traceback.

    Args:
        error: What the build raised.
        folder: Where it wrote to.

    Returns:
        An error to raise instead, or None if the one at hand is best.
    """
    text = str(error)
    for cls in _PLAIN_ERRORS.values():
        if isinstance(error, cls):
            plain, suffix, _ = text.partition(_WORKER_SUFFIX)
            return cls(plain) if suffix else None
    if getattr(error, "errno", None) == errno.ENOSPC or (
        os.strerror(errno.ENOSPC) in text
    ):
        return OSError(
            errno.ENOSPC,
            "No space left to write the data set. Nothing of it was kept. Free some "
            "there and in the folder for temporary files, or choose another `data_dir`",
            os.fspath(folder),
        )
    names = "|".join(_PLAIN_ERRORS)
    pattern = rf"\b({names}): (.+?)(?:{re.escape(_WORKER_SUFFIX)}|$)"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    name, message = found[-1]
    return _PLAIN_ERRORS[name](message)
