"""A kinematic human in fifteen motion families: made here, nothing is downloaded."""

import dataclasses
import functools
import itertools
import math

import tensorflow_datasets as tfds

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import ClipsBuilder, generate_in_parallel

from . import clips
from .families import ACTIONS
from .scene import NUM_CAMERAS
from .subjects import SUBJECTS, TEST_SUBJECTS, TRAIN_SUBJECTS

SPLITS = {"train": TRAIN_SUBJECTS, "test": TEST_SUBJECTS}


@dataclasses.dataclass
class SyntheticHumanConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        num_takes: Takes of each action by each subject.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of bodies' habits, motion and cameras' placement.
        num_poses: Poses of all cameras together, at least; `num_takes` then follows
            from it. None leaves it to `num_takes`.
        parallel: Whether Apache Beam's workers make the clips.
    """

    num_takes: int = 2
    duration: float = 12.0
    frame_rate: float = 10.0
    seed: int = 0
    num_poses: int | None = None
    parallel: bool = False

    @property
    def takes_of_each_action(self) -> int:
        """Takes of each action by each subject, so that `num_poses` is reached."""
        if self.num_poses is None:
            return self.num_takes
        num_frames = round(self.duration * self.frame_rate)
        per_take = len(SUBJECTS) * len(ACTIONS) * NUM_CAMERAS * num_frames
        return max(1, math.ceil(self.num_poses / per_take))


class Builder(ClipsBuilder):
    """Builds the synthetic human, the same on every machine."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    builder_config_cls = SyntheticHumanConfig
    BUILDER_CONFIGS = [
        SyntheticHumanConfig(
            name="full",
            description="100,800 poses: 7 subjects, 15 actions, 2 takes of 12 s at "
            "10 Hz, 4 cameras.",
        ),
        SyntheticHumanConfig(
            name="large",
            description="403,200 poses, as full with 8 takes: what the preset "
            "propose_cmu is trained on, with motion capture.",
            num_takes=8,
        ),
        SyntheticHumanConfig(
            name="tiny",
            description="3,360 poses for tests: 1 take of 4 s at 2 Hz.",
            num_takes=1,
            duration=4.0,
            frame_rate=2.0,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=clip_features(),
            supervised_keys=("keypoints_2d", "pose_3d"),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        del dl_manager
        config = self.builder_config
        takes = {
            split: clips.list_takes(subjects, config.takes_of_each_action)
            for split, subjects in SPLITS.items()
        }
        if config.parallel:
            self.num_clips = {split: NUM_CAMERAS * len(takes[split]) for split in takes}
            make = self._make_examples()
            return {s: generate_in_parallel(takes[s], make) for s in takes}
        return {split: self._generate_examples(takes[split]) for split in takes}

    def _make_examples(self):
        config = self.builder_config
        return functools.partial(
            clips.make_examples,
            duration=config.duration,
            frame_rate=config.frame_rate,
            seed=config.seed,
        )

    def _generate_examples(self, takes):
        return itertools.chain.from_iterable(map(self._make_examples(), takes))
