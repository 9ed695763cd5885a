"""Poses that are seldom captured: on the floor, upside down, in the air.

People of all sizes (`bodies.py`) go from one key pose (`key_poses.py`) to another along
a graph of those that follow each other (`routines.py`), within published
joint limits (`limits.py`). They rest on the floor or keep balance (`contact.py`), with
their limbs out of the body (`collisions.py`). `motion.py` puts a clip together.
"""

from .bodies import Person, draw_person
from .motion import synthesize_motion, synthesize_poses
from .routines import ROUTINES

__all__ = [
    "ROUTINES",
    "Person",
    "draw_person",
    "synthesize_motion",
    "synthesize_poses",
]
