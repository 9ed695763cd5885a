"""Motion capture: readers of BVH, ASF/AMC and npz, and retargeting to 17 joints."""

from .asf import read_amc, read_asf
from .bvh import read_bvh
from .motion import Motion
from .retarget import ASF_RULE, BVH_RULE, retarget
from .sequences import MocapSequence, find_sequences, read_npz

__all__ = [
    "ASF_RULE",
    "BVH_RULE",
    "MocapSequence",
    "Motion",
    "find_sequences",
    "read_amc",
    "read_asf",
    "read_bvh",
    "read_npz",
    "retarget",
]
