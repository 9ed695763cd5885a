"""What training reads, and what is drawn anew for each pose it sees."""

import dataclasses

import numpy as np

from propose_keras.data.augmentations import (
    keypoint_noise,
    other_bodies,
    random_flip,
    shift,
    turn,
)
from propose_keras.data.detection_errors import detection_errors
from propose_keras.data.other_cameras import CAMERA_RANGES, other_cameras
from propose_keras.data.simulated_detector import simulated_detector
from propose_keras.settings import Settings, setting


@dataclasses.dataclass(frozen=True)
class DataSettings(Settings):
    """The training set and its augmentations.

    Raises:
        ValueError: If a value is out of range, or a setting changes another that is
            not set or does its work twice.
    """

    dataset: str | None = setting(
        None,
        "Built data set: NAME or NAME/CONFIG; several with commas between, whose poses "
        "are mixed.",
    )
    validation_subject: str = setting(
        "S8",
        "Training subject held out for validation; empty trains on all of them.",
    )
    train_frame_stride: int = setting(1, "Train on every so many frames.", minimum=1)
    batch_size: int = setting(128, "Poses per step.", minimum=1)
    flip: bool = setting(True, "Mirror half of the poses left to right.")
    other_bodies: float = setting(
        0.0,
        "Draw bodies in training: deviation of the logarithm of bones' lengths.",
        minimum=0,
        maximum=0.5,
    )
    turn: float = setting(
        0.0,
        "Largest angle that people are turned by in training, degrees.",
        minimum=0,
        maximum=180,
    )
    shift: float = setting(
        0.0,
        "Deviation of how far people are moved on the floor in training, mm.",
        minimum=0,
        maximum=2000,
    )
    other_cameras: bool = setting(
        False, "Show each training pose to a camera of its own, drawn anew."
    )
    camera_range: str = setting(
        "common",
        "What --other_cameras draws from: common cameras, or any that people have.",
        choices=tuple(CAMERA_RANGES),
    )
    keypoint_noise: float = setting(
        0.0, "Noise on 2D joints in training, pixels.", minimum=0
    )
    detection_errors: float = setting(
        0.0,
        "Greatest deviation of 2D joints in training, as a share of the pose's size; "
        "some are far off and some missing, too.",
        minimum=0,
        maximum=1,
    )
    simulated_detector: float = setting(
        0.0,
        "Greatest deviation of 2D joints in training, as a share of the pose's size, "
        "that --deviation_input tells; some joints are far off, exchanged or missing.",
        minimum=0,
        maximum=1,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.camera_range != "common" and not self.other_cameras:
            raise ValueError(
                f"--camera_range={self.camera_range} is what --other_cameras draws "
                "from: add --other_cameras, or leave it out."
            )
        others = {n: getattr(self, n) for n in ("keypoint_noise", "detection_errors")}
        twice = [f"--{name}" for name, value in others.items() if value > 0]
        if self.simulated_detector > 0 and twice:
            raise ValueError(
                "--simulated_detector makes all errors of keypoints, and tells of no "
                f"others: leave out {' and '.join(twice)}."
            )

    @property
    def dataset_names(self) -> list[str]:
        """The data sets, each NAME or NAME/CONFIG."""
        return [name.strip() for name in (self.dataset or "").split(",")]

    @property
    def moves_people(self) -> bool:
        """Whether poses are projected anew, which takes calibrated cameras."""
        changes = self.other_bodies, self.turn, self.shift
        return max(changes) > 0 or self.other_cameras

    def augmentations(self, mean_pose: np.ndarray) -> tuple:
        """The augmentations, for `data.pipeline.batches`.

        Args:
            mean_pose: Mean root-relative pose of the training set, `(17, 3)` mm.
        """
        augmentations = []
        if self.other_bodies > 0:
            augmentations.append(other_bodies(self.other_bodies))
        if self.turn > 0:
            augmentations.append(turn(self.turn))
        if self.shift > 0:
            augmentations.append(shift(self.shift))
        if self.other_cameras:
            augmentations.append(other_cameras(self.camera_range))
        if self.flip:
            augmentations.append(random_flip())
        if self.keypoint_noise > 0:
            augmentations.append(keypoint_noise(self.keypoint_noise))
        if self.detection_errors > 0:
            augmentations.append(detection_errors(self.detection_errors, mean_pose))
        if self.simulated_detector > 0:
            augmentations.append(simulated_detector(self.simulated_detector, mean_pose))
        return tuple(augmentations)
