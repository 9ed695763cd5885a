"""From anyone's 2D keypoints to 3D hypotheses."""

from propose_keras.inference.frame_range import FrameRange
from propose_keras.inference.fusion import View
from propose_keras.inference.ground import Ground, in_world
from propose_keras.inference.ground_estimation import GroundWarning, estimate_ground
from propose_keras.inference.joint_angles import (
    JOINT_ANGLES,
    joint_angle_spread,
    joint_angles,
)
from propose_keras.inference.lifter import Lifter
from propose_keras.inference.loading import load_model
from propose_keras.inference.modes import PoseModes, find_modes
from propose_keras.inference.person_check import PersonWarning
from propose_keras.inference.results import AXES, LiftedPoses

__all__ = [
    "AXES",
    "JOINT_ANGLES",
    "FrameRange",
    "Ground",
    "GroundWarning",
    "LiftedPoses",
    "Lifter",
    "PersonWarning",
    "PoseModes",
    "View",
    "estimate_ground",
    "find_modes",
    "in_world",
    "joint_angle_spread",
    "joint_angles",
    "load_model",
]
