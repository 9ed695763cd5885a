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
from propose_keras.data.building.virtual_cameras import VirtualCameras
from propose_keras.data.errors import DataFileError

from . import clips, sequences
from .sequences import EXPECTED_TREE


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
        parallel: Whether Apache Beam's workers make the clips.
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
    parallel: bool = False

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
