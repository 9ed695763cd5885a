"""What the arms do: where the wrists go and where the elbows point.

Wrists are given from the base of the neck in the chest's frame as (forward, outward,
up) in mm for arms of 530 mm; outward is to the arm's own side, so that both arms can
do everything.
"""

import dataclasses

import numpy as np

from .kinematics import (
    ARM_LIMITS,
    ELBOW_DIRECTION,
    Body,
    limb_inverse,
    limit,
    shoulder_offset,
)

_MEAN_ARM = 530.0


@dataclasses.dataclass(frozen=True)
class Gesture:
    """A place for one hand.

    Attributes:
        wrist: Forward, outward, up, mm.
        elbow: Direction in which the elbow points.
        spread: Standard deviation of the wrist from one use to the next, mm.
        swing: How much the arm swings with the gait, 0..1.
        shake: Amplitude of a quick movement of the forearm, radians.
    """

    wrist: tuple[float, float, float]
    elbow: tuple[float, float, float]
    spread: float = 25.0
    swing: float = 0.3
    shake: float = 0.0


GESTURES = {
    "hang": Gesture((30, 225, -535), (-1, 0.4, 0), 20, swing=1.0),
    "pocket": Gesture((90, 205, -470), (-1, 0.7, 0), 15, swing=0.2),
    "hip": Gesture((60, 190, -390), (-0.5, 1, 0), 15, swing=0.1),
    "behind": Gesture((-150, 60, -440), (-0.6, 0.9, 0), 20, swing=0.1),
    "clasp": Gesture((215, 40, -420), (-0.5, 1, 0), 20),
    "crossed": Gesture((190, -90, -250), (0.1, 0.9, -0.6), 15),
    "talk_low": Gesture((300, 130, -280), (-0.6, 0.7, -0.6), 70, shake=0.12),
    "talk_high": Gesture((340, 190, -90), (-0.3, 0.7, -0.8), 80, shake=0.15),
    "talk_wide": Gesture((230, 420, -180), (-0.6, 0.3, -0.8), 70, shake=0.1),
    "point_front": Gesture((490, 140, 20), (0, 0.7, -0.8), 90),
    "point_side": Gesture((150, 640, 10), (-0.5, 0, -0.8), 90),
    "point_across": Gesture((430, -150, -40), (0.2, 0.8, -0.6), 70),
    "point_up": Gesture((320, 260, 330), (0, 0.9, -0.5), 90),
    "wave": Gesture((190, 350, 190), (0, 0.6, -1), 50, shake=0.4),
    "shake_hand": Gesture((420, 60, -250), (-0.4, 0.5, -0.8), 30, shake=0.15),
    "phone": Gesture((85, 125, 75), (0.4, 0.7, -1), 12),
    "dial": Gesture((270, 60, -130), (-0.3, 0.8, -0.8), 30),
    "mouth": Gesture((190, 50, 25), (0.2, 0.8, -1), 18),
    "chin": Gesture((170, 30, -30), (0.3, 0.5, -1), 15),
    "plate": Gesture((330, 80, -300), (-0.6, 0.8, -0.5), 50),
    "camera": Gesture((270, 90, 60), (0.1, 0.8, -1), 25),
    "camera_high": Gesture((300, 130, 170), (0.1, 0.8, -0.9), 40),
    "watch": Gesture((270, 20, -140), (-0.1, 0.9, -0.5), 25),
    "head": Gesture((-30, 150, 170), (0.3, 1, 0.1), 15),
    "overhead": Gesture((60, 230, 480), (0.3, 1, 0), 60),
    "flex": Gesture((60, 390, 190), (-0.1, 1, -0.4), 30),
    "out": Gesture((60, 640, -60), (-0.6, 0, -0.8), 70),
    "chest": Gesture((170, 20, -150), (0, 0.9, -0.6), 20),
    "reach_front": Gesture((460, 150, -90), (-0.1, 0.8, -0.6), 70),
    "reach_high": Gesture((380, 200, 240), (0.1, 0.9, -0.5), 80),
    "reach_low": Gesture((470, 170, -190), (-0.3, 0.9, -0.3), 50),
    "carry": Gesture((300, 150, -330), (-0.9, 0.6, -0.3), 40),
    "leash": Gesture((330, 190, -310), (-0.8, 0.5, -0.5), 60, swing=0.15, shake=0.08),
    "leash_far": Gesture((400, 260, -330), (-0.5, 0.6, -0.5), 60, swing=0.1, shake=0.1),
    "partner": Gesture((140, 600, -130), (-0.5, 0.1, -0.8), 50, swing=0.15),
    "thigh": Gesture((290, 160, -400), (-0.9, 0.7, -0.2), 35),
    "knee": Gesture((380, 170, -360), (-0.6, 0.8, -0.3), 30),
    "lap": Gesture((230, 30, -390), (-0.5, 1, -0.1), 30),
    "prop": Gesture((-210, 330, -430), (-0.9, 0.5, 0.2), 40),
    "beside": Gesture((40, 330, -480), (-1, 0.5, 0), 40),
}


def arm_angles(
    name: str, body: Body, side: float, rng: np.random.Generator
) -> np.ndarray:
    """Angles of an arm in a gesture, `(4,)` radians, varied by `rng`.

    Args:
        name: Key of `GESTURES`.
        body: Bone lengths.
        side: 1 for left, -1 for right.
        rng: Source of the variation.

    Returns:
        Flexion, abduction, twist and hinge within `ARM_LIMITS`.
    """
    gesture = GESTURES[name]
    outward = np.array([1.0, side, 1.0])
    scale = (body.upper_arm + body.forearm) / _MEAN_ARM
    wrist = np.array(gesture.wrist) + gesture.spread * rng.normal(size=3).clip(-2, 2)
    elbow = np.array(gesture.elbow) + 0.12 * rng.normal(size=3).clip(-2, 2)
    # The shoulder rises with the arm, so its place follows from a first solution.
    elevation = np.zeros(())
    for _ in range(2):
        target = scale * wrist * outward - shoulder_offset(body, side, elevation)
        angles = limb_inverse(
            *(target, elbow * outward, side, body.upper_arm, body.forearm),
            *(ELBOW_DIRECTION, ARM_LIMITS[3]),
        )
        elevation = np.linalg.norm(angles[:2])
    return limit(angles, ARM_LIMITS)
