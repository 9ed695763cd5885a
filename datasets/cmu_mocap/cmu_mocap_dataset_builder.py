"""The CMU motion-capture database as clips seen by virtual cameras."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data import mocap
from propose_keras.data.cameras import Camera
from propose_keras.data.errors import DataFileError
from propose_keras.data.features import clip_features
from propose_keras.data.mocap import sequences as mocap_sequences
from propose_keras.data.virtual_cameras import VirtualCameras, sample_cameras


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


class Builder(tfds.core.GeneratorBasedBuilder):
    """Builds the CMU database from ASF/AMC, BVH or npz files."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    The database is free: download its files from http://mocap.cs.cmu.edu/ (all
    subjects in one archive, under "Tools" and "FAQs") or a BVH conversion. Give as
    `--manual_dir` the folder that holds, or a folder above it:
    {mocap_sequences.EXPECTED_TREE}
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
        sequences = mocap.find_sequences(dl_manager.manual_dir)
        self.info.metadata["skipped"] = []
        self.info.metadata["sequences"] = len(sequences)
        splits = sorted({sequence.split for sequence in sequences}, reverse=True)
        return {
            split: self._generate_examples([s for s in sequences if s.split == split])
            for split in splits
        }

    def _generate_examples(
        self, sequences: list[mocap.MocapSequence]
    ) -> Iterator[tuple[str, dict]]:
        config = self.builder_config
        settings = config.virtual_cameras()
        for sequence in sequences:
            try:
                positions, frame_rate = sequence.read(config.frame_rate)
            except DataFileError as error:
                if not config.skip_damaged:
                    raise
                logging.warning("Skipped %s: %s", sequence.name, error)
                self.info.metadata["skipped"].append(sequence.name)
                continue
            for camera in sample_cameras(positions, sequence.name, settings):
                key = f"{sequence.name}-{camera.name}"
                yield key, _example(sequence, positions, frame_rate, camera)


def _example(
    sequence: mocap.MocapSequence,
    positions: np.ndarray,
    frame_rate: float,
    camera: Camera,
) -> dict:
    in_camera = camera.from_world(positions)
    arrays = {
        "pose_3d": in_camera,
        "keypoints_2d": camera.project(in_camera),
        "intrinsics": camera.intrinsics,
        "distortion": camera.distortion,
        "rotation": camera.rotation,
        "translation": camera.translation,
    }
    return {
        **{name: np.asarray(value, np.float32) for name, value in arrays.items()},
        "subject": sequence.subject,
        "action": sequence.action,
        "take": sequence.take,
        "camera": camera.name,
        "frame_rate": np.float32(frame_rate),
        "image_size": np.array(camera.image_size, np.int32),
    }
