"""The CMU motion-capture database as clips seen by virtual cameras."""

import collections
import dataclasses
import itertools

import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data import mocap
from propose_keras.data.builders import ClipsBuilder, check_num_clips
from propose_keras.data.features import clip_features
from propose_keras.data.mocap import clips
from propose_keras.data.mocap.sequences import EXPECTED_TREE
from propose_keras.data.virtual_cameras import VirtualCameras


@dataclasses.dataclass
class CmuMocapConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        frame_rate: Frames per second to keep; the database has 120.
        num_cameras: Cameras per sequence.
        distance_mm: Least and greatest distance of a camera over ground.
        height_mm: Least and greatest height of a camera.
        focal_length_px: Least and greatest focal length in pixels.
        image_size: Width and height in pixels.
        distortion: Whether lenses distort as much as Human3.6M's.
        seed: Seed of the cameras.
        skip_damaged: Whether a damaged file is listed instead of being an error.
    """

    frame_rate: float = 60.0
    num_cameras: int = 4
    distance_mm: tuple[float, float] = VirtualCameras.distance_mm
    height_mm: tuple[float, float] = VirtualCameras.height_mm
    focal_length_px: tuple[float, float] = VirtualCameras.focal_length_px
    image_size: tuple[int, int] = VirtualCameras.image_size
    distortion: bool = False
    seed: int = 0
    skip_damaged: bool = False

    def virtual_cameras(self) -> VirtualCameras:
        """The part of the settings that concerns cameras."""
        return VirtualCameras(
            count=self.num_cameras,
            distance_mm=tuple(self.distance_mm),
            height_mm=tuple(self.height_mm),
            focal_length_px=tuple(self.focal_length_px),
            image_size=tuple(self.image_size),
            distortion=self.distortion,
            seed=self.seed,
        )


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

    def _shard_iterators_per_split(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        sequences = mocap.find_sequences(dl_manager.manual_dir)
        self.info.metadata["sequences"] = len(sequences)
        splits = collections.defaultdict(list)
        for sequence in sequences:
            splits[sequence.split].append(sequence)
        self._num_sequences = {split: len(splits[split]) for split in splits}
        return {
            split: clips.make_generators(
                splits[split],
                config.frame_rate,
                config.virtual_cameras(),
                config.skip_damaged,
            )
            for split in sorted(splits, reverse=True)
        }

    def _after_writing(self, num_examples, notes):
        skipped = {split: list(itertools.chain(*notes[split])) for split in notes}
        check_num_clips(
            num_examples,
            {
                split: (num - len(skipped[split])) * self.builder_config.num_cameras
                for split, num in self._num_sequences.items()
            },
        )
        self.info.metadata["skipped"] = []
        for name, reason in itertools.chain(*skipped.values()):
            logging.warning("Skipped %s: %s", name, reason)
            self.info.metadata["skipped"].append(name)
