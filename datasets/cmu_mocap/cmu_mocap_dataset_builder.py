"""The CMU motion-capture database as clips seen by virtual cameras."""

import collections
import dataclasses
import functools

import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import (
    ClipsBuilder,
    generate_in_parallel,
    some_clips,
)
from propose_keras.data.building.filmed import FilmedConfig
from propose_keras.data.errors import DataFileError

from . import clips, sequences
from .sequences import EXPECTED_TREE


@dataclasses.dataclass
class CmuMocapConfig(FilmedConfig):
    """What to build, and how it is filmed; the database has 120 frames per second.

    Attributes:
        skip_damaged: Whether a damaged file is listed instead of being an error.
        parallel: Whether Apache Beam's workers make the clips.
    """

    skip_damaged: bool = False
    parallel: bool = False


class Builder(ClipsBuilder):
    """Builds the CMU database from ASF/AMC, BVH or npz files."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    The database is free: download its files from http://mocap.cs.cmu.edu/ (all
    subjects in one archive, under "Tools" and "FAQs") or a BVH conversion. Give as
    `--manual_dir` the folder that holds, or a folder above it:
    {EXPECTED_TREE}
    Any part of it will do.
    """
    builder_config_cls = CmuMocapConfig
    BUILDER_CONFIGS = [
        CmuMocapConfig(name="standard", description="Four cameras, 60 Hz.")
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=clip_features(),
            homepage="http://mocap.cs.cmu.edu/",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        if config.parallel and config.skip_damaged:
            raise ValueError(
                "`skip_damaged` lists the files left out, which Beam's workers cannot: "
                "leave out `parallel`, or remove the damaged files."
            )
        found = sequences.find_sequences(dl_manager.manual_dir)
        self.info.metadata.update(sequences=len(found), skipped=[])
        splits = collections.defaultdict(list)
        for sequence in found:
            splits[sequence.split].append(sequence)
        if config.parallel:
            self.num_clips = {s: len(splits[s]) * config.num_cameras for s in splits}
            return {s: self._generate_in_parallel(splits[s]) for s in splits}
        return {
            split: some_clips(split, self._generate_examples(splits[split]))
            for split in splits
        }

    def _generate_examples(self, found):
        config = self.builder_config
        cameras = config.virtual_cameras()
        for sequence in found:
            try:
                yield from clips.make_examples(sequence, config.frame_rate, cameras)
            except DataFileError as error:
                if not config.skip_damaged:
                    raise
                logging.warning("Skipped %s: %s", sequence.name, error)
                self.info.metadata["skipped"].append(sequence.name)

    def _generate_in_parallel(self, found):
        return generate_in_parallel(
            found,
            functools.partial(
                clips.make_examples,
                frame_rate=self.builder_config.frame_rate,
                cameras=self.builder_config.virtual_cameras(),
            ),
        )
