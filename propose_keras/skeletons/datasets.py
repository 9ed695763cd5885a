"""The joint orders of data sets: Human3.6M, MPII, MPI-INF-3DHP, PoseTrack."""

from propose_keras.skeletons.skeleton import Skeleton

H36M_17 = Skeleton(
    name="h36m17",
    joint_names=(
        "Hip",
        "RHip",
        "RKnee",
        "RFoot",
        "LHip",
        "LKnee",
        "LFoot",
        "Spine",
        "Thorax",
        "Nose",
        "Head",
        "LShoulder",
        "LElbow",
        "LWrist",
        "RShoulder",
        "RElbow",
        "RWrist",
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    left=(4, 5, 6, 11, 12, 13),
    right=(1, 2, 3, 14, 15, 16),
)

# The 17 joints of H36M_17 among the 32 of the Human3.6M archives.
H36M_17_FROM_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)

MPII_16 = Skeleton(
    name="mpii16",
    joint_names=(
        "RAnkle",
        "RKnee",
        "RHip",
        "LHip",
        "LKnee",
        "LAnkle",
        "Pelvis",
        "Thorax",
        "UpperNeck",
        "HeadTop",
        "RWrist",
        "RElbow",
        "RShoulder",
        "LShoulder",
        "LElbow",
        "LWrist",
    ),
    parents=(1, 2, 6, 6, 3, 4, -1, 6, 7, 8, 11, 12, 7, 7, 13, 14),
    left=(3, 4, 5, 13, 14, 15),
    right=(2, 1, 0, 12, 11, 10),
)

MPI_INF_3DHP_17 = Skeleton(
    name="3dhp17",
    joint_names=(
        "HeadTop",
        "Neck",
        "RShoulder",
        "RElbow",
        "RWrist",
        "LShoulder",
        "LElbow",
        "LWrist",
        "RHip",
        "RKnee",
        "RAnkle",
        "LHip",
        "LKnee",
        "LAnkle",
        "Pelvis",
        "Spine",
        "Head",
    ),
    parents=(16, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1, 14, 1),
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)

# PoseTrack 2017, as its `annolist` files number the joints (PoseFlow writes these).
POSETRACK_15 = Skeleton(
    name="posetrack15",
    joint_names=(
        *("RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle"),
        *("RWrist", "RElbow", "RShoulder", "LShoulder", "LElbow", "LWrist"),
        *("HeadBottom", "Nose", "HeadTop"),
    ),
    parents=(1, 2, 12, 12, 3, 4, 7, 8, 12, 12, 9, 10, -1, 12, 13),
    left=(3, 4, 5, 9, 10, 11),
    right=(2, 1, 0, 8, 7, 6),
)

# PoseTrack 2018, in COCO's format.
POSETRACK_17 = Skeleton(
    name="posetrack17",
    joint_names=(
        *("Nose", "HeadBottom", "HeadTop", "LEar", "REar"),
        *("LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist"),
        *("RWrist", "LHip", "RHip", "LKnee", "RKnee"),
        *("LAnkle", "RAnkle"),
    ),
    parents=(1, -1, 0, 0, 0, 1, 1, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    left=(3, 5, 7, 9, 11, 13, 15),
    right=(4, 6, 8, 10, 12, 14, 16),
)
