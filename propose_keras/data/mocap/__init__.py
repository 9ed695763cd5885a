"""Motion capture: readers of BVH, ASF/AMC and npz, and retargeting to 17 joints."""

from propose_keras.data.mocap.asf import read_amc, read_asf
from propose_keras.data.mocap.bvh import read_bvh
from propose_keras.data.mocap.motion import Motion
from propose_keras.data.mocap.retarget import ASF_RULE, BVH_RULE, retarget
from propose_keras.data.mocap.sequences import MocapSequence, find_sequences, read_npz

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
