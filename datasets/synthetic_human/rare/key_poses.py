"""All key poses by name."""

from .floor_poses import FLOOR_POSES
from .lying_poses import LYING_POSES
from .pose_kinds import KeyPose
from .upright_poses import UPRIGHT_POSES

KEY_POSES: dict[str, KeyPose] = LYING_POSES | FLOOR_POSES | UPRIGHT_POSES
