"""A kinematic human who moves in fifteen ways in front of four cameras.

Bodies, motion and cameras are made from a seed with NumPy alone; nothing is
downloaded and nothing stems from a recording.
"""

from .clips import generate_clips
from .families import ACTIONS
from .motion import synthesize_motion, synthesize_pose
from .scene import synthesize_cameras
from .subjects import (
    SUBJECTS,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    get_body,
)

__all__ = [
    "ACTIONS",
    "SUBJECTS",
    "TEST_SUBJECTS",
    "TRAIN_SUBJECTS",
    "generate_clips",
    "get_body",
    "synthesize_cameras",
    "synthesize_motion",
    "synthesize_pose",
]
