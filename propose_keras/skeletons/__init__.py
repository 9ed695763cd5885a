"""Joint orders of the field and the maps between them.

A `Skeleton` is plain data: names, parents and left/right pairs of one joint
order. `convert` moves poses from one order to another, computing the joints
that the source lacks from those it has; `convert_detections` does so with the
detector's scores.
"""

from propose_keras.skeletons.conversion import (
    convert,
    convert_detections,
    count_joints,
    layouts_alike,
)
from propose_keras.skeletons.datasets import (
    H36M_17,
    H36M_17_FROM_32,
    MPI_INF_3DHP_17,
    MPII_16,
    POSETRACK_15,
    POSETRACK_17,
)
from propose_keras.skeletons.detectors import (
    BODY_25,
    BODY_25B,
    COCO_17,
    COCO_18,
    HALPE_26,
    KINECT_25,
    KINECT_32,
    MEDIAPIPE_33,
    MPII_15,
)
from propose_keras.skeletons.skeleton import Skeleton
from propose_keras.skeletons.tables import (
    LAYOUTS,
    LONGER_LAYOUTS,
    SKELETONS,
    Y_FIRST_LAYOUTS,
    get_skeleton,
)

__all__ = [
    "BODY_25",
    "BODY_25B",
    "COCO_17",
    "COCO_18",
    "H36M_17",
    "H36M_17_FROM_32",
    "HALPE_26",
    "KINECT_25",
    "KINECT_32",
    "LAYOUTS",
    "LONGER_LAYOUTS",
    "MEDIAPIPE_33",
    "MPII_15",
    "MPII_16",
    "MPI_INF_3DHP_17",
    "POSETRACK_15",
    "POSETRACK_17",
    "SKELETONS",
    "Skeleton",
    "Y_FIRST_LAYOUTS",
    "convert",
    "convert_detections",
    "count_joints",
    "get_skeleton",
    "layouts_alike",
]
