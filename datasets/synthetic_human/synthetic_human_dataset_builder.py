"""A kinematic human in fifteen motion families: made here, nothing is downloaded."""

import dataclasses
from collections.abc import Iterator, Sequence

import tensorflow_datasets as tfds

from propose_keras.data import synthetic
from propose_keras.data.features import clip_features


@dataclasses.dataclass
class SyntheticHumanConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        num_takes: Takes of each action by each subject.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.
        seed: Seed of bodies' habits, motion and cameras' placement.
    """

    num_takes: int = 2
    duration: float = 12.0
    frame_rate: float = 10.0
    seed: int = 0


class Builder(tfds.core.GeneratorBasedBuilder):
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
            "propose_cmu is trained on beside motion capture.",
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
        return {
            "train": self._generate_examples(synthetic.TRAIN_SUBJECTS),
            "test": self._generate_examples(synthetic.TEST_SUBJECTS),
        }

    def _generate_examples(
        self, subjects: Sequence[str]
    ) -> Iterator[tuple[str, dict[str, object]]]:
        config = self.builder_config
        clips = synthetic.generate_clips(
            subjects,
            num_takes=config.num_takes,
            duration=config.duration,
            frame_rate=config.frame_rate,
            seed=config.seed,
        )
        for clip in clips:
            parts = (clip[name] for name in ("subject", "action", "take", "camera"))
            yield "/".join(parts), clip
