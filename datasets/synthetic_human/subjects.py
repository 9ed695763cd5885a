"""The seven subjects: their bodies and how each of them moves."""

import dataclasses

import numpy as np

from .kinematics import Body

TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")
TEST_SUBJECTS = ("S9", "S11")
SUBJECTS = TRAIN_SUBJECTS + TEST_SUBJECTS

# Bone lengths of a body of 1700 mm.
MEAN_BODY = {
    "hip": 132.0,
    "thigh": 442.0,
    "shank": 440.0,
    "spine": 235.0,
    "thorax": 255.0,
    "neck": 120.0,
    "head": 115.0,
    "shoulder": 152.0,
    "upper_arm": 280.0,
    "forearm": 250.0,
    "ankle_height": 82.0,
}
MEAN_STATURE = 1700.0
_GROUPS = {
    "legs": ("thigh", "shank"),
    "arms": ("upper_arm", "forearm"),
    "breadth": ("hip", "shoulder"),
}
# Stature in mm, then legs, arms and breadth against the mean body of that stature.
_PROPORTIONS = {
    "S1": (1655.0, 1.010, 0.985, 0.97),
    "S5": (1600.0, 0.985, 0.980, 0.96),
    "S6": (1745.0, 1.020, 1.010, 1.00),
    "S7": (1710.0, 0.975, 1.000, 1.05),
    "S8": (1815.0, 1.000, 1.025, 1.04),
    "S9": (1760.0, 0.990, 1.015, 1.03),
    "S11": (1680.0, 1.015, 1.000, 0.99),
}


@dataclasses.dataclass(frozen=True)
class Style:
    """Habits of a subject.

    Attributes:
        speed: Walking speed, mm/s.
        step_time: Time between two footfalls, seconds.
        stance: Distance of the ankles at rest, mm.
        knee_reach: Hip to ankle distance in standing over the straight leg.
        slouch: Forward flexion of the spine at rest, radians.
        arm_swing: Shoulder flexion per leg length that the foot lies behind, radians.
        elbow: Elbow flexion in walking, radians.
        energy: Factor on the size of gestures and fidgets.
        main_hand: 0 for left, 1 for right.
    """

    speed: float
    step_time: float
    stance: float
    knee_reach: float
    slouch: float
    arm_swing: float
    elbow: float
    energy: float
    main_hand: int


def get_body(subject: str) -> Body:
    """Returns the body of a subject.

    Raises:
        ValueError: If there is no such subject; the message lists those there are.
    """
    if subject not in _PROPORTIONS:
        raise ValueError(
            f"Unknown subject {subject!r}. Subjects: {', '.join(SUBJECTS)}."
        )
    stature, *ratios = _PROPORTIONS[subject]
    lengths = {k: v * stature / MEAN_STATURE for k, v in MEAN_BODY.items()}
    for bones, ratio in zip(_GROUPS.values(), ratios):
        for bone in bones:
            lengths[bone] *= ratio
    return Body(**lengths)


def get_style(subject: str, seed: int) -> Style:
    """Draws the habits of a subject, which depend on the subject and the seed only."""
    rng = np.random.default_rng([seed, SUBJECTS.index(subject)])
    step_time = rng.uniform(0.5, 0.62)
    return Style(
        speed=rng.uniform(460.0, 580.0) / step_time,
        step_time=step_time,
        stance=rng.uniform(150.0, 230.0),
        knee_reach=rng.uniform(0.993, 1.003),
        slouch=np.radians(rng.uniform(-2.0, 12.0)),
        arm_swing=rng.uniform(0.5, 1.0),
        elbow=np.radians(rng.uniform(18.0, 45.0)),
        energy=rng.uniform(0.8, 1.25),
        main_hand=int(rng.uniform() < 0.8),
    )
