"""What the TFDS builders of recorded data share: clips written by Beam's workers."""

import abc
from collections.abc import Mapping
from typing import Any

import tensorflow_datasets as tfds

from propose_keras.data import beam, shards


class ClipsBuilder(tfds.core.ShardBasedBuilder):
    """Builds clips, each file of them in one of Beam's workers.

    A subclass gives one generator of clips per file in `_shard_iterators_per_split`
    (see `shards.ExampleGenerator`) and takes their notes in `_after_writing`. Without
    a Beam runner or options the build runs in processes on this machine, or in this
    process where each split has one file only.
    """

    @abc.abstractmethod
    def _after_writing(
        self, num_examples: Mapping[str, int], notes: Mapping[str, list[Any]]
    ) -> None:
        """Checks what was written and completes `self.info.metadata`.

        Args:
            num_examples: Clips written, by split.
            notes: What the generators of each split returned, in their order.
        """

    def _download_and_prepare(self, dl_manager, download_config=None):
        generators = self._shard_iterators_per_split(dl_manager)
        beam.choose_runner(
            download_config, in_process=all(len(g) == 1 for g in generators.values())
        )
        serialized_info = self.info.features.get_serialized_info()
        splits, notes = shards.write_splits(
            generators,
            {
                split: self._get_filename_template(split_name=split)
                for split in generators
            },
            tfds.core.writer.ShardWriter(
                self.info.features,
                tfds.core.example_serializer.ExampleSerializer(serialized_info),
                self._example_writer(),
            ),
            download_config,
        )
        self._after_writing({s: splits[s].num_examples for s in splits}, notes)
        self.info.set_splits(splits)

    def download_and_prepare(self, **kwargs):
        """Builds the data set; see `tfds.core.DatasetBuilder.download_and_prepare`.

        Errors of readers come out of Beam's workers as they were raised.
        """
        try:
            super().download_and_prepare(**kwargs)
        except Exception as error:
            plain = beam.plain_error(error, self.data_path)
            if plain is None:
                raise
            raise plain from error


def check_num_clips(written: Mapping[str, int], planned: Mapping[str, int]) -> None:
    """Compares what Beam wrote with what was planned.

    Args:
        written: Clips by split.
        planned: Clips by split.

    Raises:
        RuntimeError: If a split lacks clips.
    """
    for split, num_clips in planned.items():
        if written[split] != num_clips:
            raise RuntimeError(
                f"Beam wrote {written[split]} of {num_clips} clips of the split "
                f"{split!r}. Build again, on one process if it persists "
                "(--beam_pipeline_options=runner=FnApiRunner)."
            )
