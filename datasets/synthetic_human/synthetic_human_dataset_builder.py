"""A kinematic human in many motion families: made here, nothing is downloaded."""

import dataclasses
import functools
import itertools
import math

import tensorflow_datasets as tfds

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import ClipsBuilder, generate_in_parallel

from . import clips
from .families import ACTIONS
from .rare import ROUTINES
from .rare import clips as rare_clips
from .scene import NUM_CAMERAS
from .subjects import SUBJECTS, TEST_SUBJECTS, TRAIN_SUBJECTS

SPLITS = {"train": TRAIN_SUBJECTS, "test": TEST_SUBJECTS}
MOTIONS = ("actions", "rare")


@dataclasses.dataclass
class SyntheticHumanConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        motions: "actions": seven subjects in Human3.6M's actions before its four
            cameras. "rare": poses that are seldom captured, on the floor, upside down
            or in the air, by people of all sizes who perform each routine once.
        num_takes: Takes of each action by each subject; of "rare", people.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of bodies' habits, motion and cameras' placement.
        num_poses: Poses of all cameras together, at least; `num_takes` then follows
            from it. None leaves it to `num_takes`.
        parallel: Whether Apache Beam's workers make the clips.
        num_cameras: Cameras drawn around each clip of "rare".

    Raises:
        ValueError: If there are no such motions.
    """

    motions: str = "actions"
    num_takes: int = 2
    duration: float = 12.0
    frame_rate: float = 10.0
    seed: int = 0
    num_poses: int | None = None
    parallel: bool = False
    num_cameras: int = 1

    def __post_init__(self):
        if self.motions not in MOTIONS:
            raise ValueError(
                f"Unknown motions {self.motions!r}. Motions: {', '.join(MOTIONS)}."
            )

    @property
    def takes_of_each_action(self) -> int:
        """`num_takes`, or as many as reach `num_poses`."""
        if self.num_poses is None:
            return self.num_takes
        num_frames = round(self.duration * self.frame_rate)
        if self.motions == "rare":
            per_take = len(ROUTINES) * self.num_cameras * num_frames
        else:
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
            name="rare",
            description="300,900 poses that are seldom captured: 295 people from 1.2 "
            "to 2.05 m, 17 routines of 12 s at 5 Hz on the floor, upside down and in "
            "the air, one camera each.",
            motions="rare",
            frame_rate=5.0,
            num_poses=300_000,
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
        num_takes = config.takes_of_each_action
        if config.motions == "rare":
            items = {s: rare_clips.list_people(s, num_takes) for s in SPLITS}
            clips_per_item = len(ROUTINES) * config.num_cameras
        else:
            items = {s: clips.list_takes(SPLITS[s], num_takes) for s in SPLITS}
            clips_per_item = NUM_CAMERAS
        if config.parallel:
            self.num_clips = {s: clips_per_item * len(items[s]) for s in items}
            make = self._make_examples()
            return {s: generate_in_parallel(items[s], make) for s in items}
        return {s: self._generate_examples(items[s]) for s in items}

    def _make_examples(self):
        config = self.builder_config
        settings = {
            "duration": config.duration,
            "frame_rate": config.frame_rate,
            "seed": config.seed,
        }
        if config.motions == "rare":
            settings["num_cameras"] = config.num_cameras
            return functools.partial(rare_clips.make_examples, **settings)
        return functools.partial(clips.make_examples, **settings)

    def _generate_examples(self, items):
        return itertools.chain.from_iterable(map(self._make_examples(), items))
