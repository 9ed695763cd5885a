"""The joint orders by their names."""

from propose_keras.skeletons.datasets import (
    H36M_17,
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

SKELETONS = {
    s.name: s
    for s in (
        *(H36M_17, MPII_16, MPI_INF_3DHP_17, COCO_17, HALPE_26, BODY_25),
        *(BODY_25B, COCO_18, MPII_15, MEDIAPIPE_33, KINECT_25, KINECT_32),
        *(POSETRACK_15, POSETRACK_17),
    )
}

# Layouts that begin with all joints of a shorter one: its name and their own number of
# joints. Faces and hands have nothing to say about the 17 joints of the model.
LONGER_LAYOUTS = {"wholebody133": ("coco17", 133), "halpe136": ("halpe26", 136)}

# Layouts whose coordinates are y, x: the joint order that they have. MoveNet's.
Y_FIRST_LAYOUTS = {"movenet17": "coco17"}

# Number of joints of each layout that keypoints can be in.
LAYOUTS = {
    **{skeleton.name: skeleton.num_joints for skeleton in SKELETONS.values()},
    **{name: count for name, (_, count) in LONGER_LAYOUTS.items()},
    **{name: SKELETONS[order].num_joints for name, order in Y_FIRST_LAYOUTS.items()},
}


def get_skeleton(name: str) -> Skeleton:
    """Returns the skeleton called `name`.

    Raises:
        ValueError: If there is none; the message lists those there are.
    """
    if name not in SKELETONS:
        raise ValueError(
            f"Unknown skeleton {name!r}. Known skeletons: {sorted(SKELETONS)}."
        )
    return SKELETONS[name]
