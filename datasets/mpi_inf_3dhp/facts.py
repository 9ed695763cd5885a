"""Facts about MPI-INF-3DHP's recordings, from its own files and tools."""

import numpy as np

from propose_keras.data.cameras import Camera

# Order of the 28 joints of the training set's `annot.mat` (the authors'
# `mpii_get_joint_set.m`), and the 17 of the test set among them.
JOINT_NAMES_28 = (
    *("spine3", "spine4", "spine2", "spine", "pelvis", "neck", "head", "head_top"),
    *("left_clavicle", "left_shoulder", "left_elbow", "left_wrist", "left_hand"),
    *("right_clavicle", "right_shoulder", "right_elbow", "right_wrist", "right_hand"),
    *("left_hip", "left_knee", "left_ankle", "left_foot", "left_toe"),
    *("right_hip", "right_knee", "right_ankle", "right_foot", "right_toe"),
)
JOINTS_17_FROM_28 = (7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6)

# Frames of each training sequence that have an image, and frames per second
# (the authors' `mpii_get_sequence_info.m`). Annotations may go on for longer.
TRAINING_SEQUENCES = {
    ("S1", "Seq1"): (6416, 25),
    ("S1", "Seq2"): (12430, 50),
    ("S2", "Seq1"): (6502, 25),
    ("S2", "Seq2"): (6081, 25),
    ("S3", "Seq1"): (12488, 50),
    ("S3", "Seq2"): (12283, 50),
    ("S4", "Seq1"): (6171, 25),
    ("S4", "Seq2"): (6675, 25),
    ("S5", "Seq1"): (12820, 50),
    ("S5", "Seq2"): (12312, 50),
    ("S6", "Seq1"): (6188, 25),
    ("S6", "Seq2"): (6145, 25),
    ("S7", "Seq1"): (6239, 25),
    ("S7", "Seq2"): (6320, 25),
    ("S8", "Seq1"): (6468, 25),
    ("S8", "Seq2"): (6054, 25),
}
TRAINING_IMAGE_SIZE = (2048, 2048)

# Cameras 0-8 without the ceiling's: the authors' "VNect" set, which every peer uses.
CHEST_HEIGHT_CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
NUM_TRAINING_CAMERAS = 14

# Frames [first, last) of S4 Seq2 carry left and right swapped in all cameras.
SWAPPED_SIDES = {("S4", "Seq2"): (3759, 5853)}

TEST_SCENES = {
    **{"TS1": "GS", "TS2": "GS", "TS3": "noGS", "TS4": "noGS"},
    **{"TS5": "Outdoor", "TS6": "Outdoor"},
}
# The files do not state the test set's rate; TS1-4 have as many frames as a
# training sequence of the same length at 25 frames per second.
TEST_FRAME_RATE = 25.0

# `activity_annotation`, from the authors' `mpii_get_activity_name.m`.
ACTIVITIES = {
    1: "StandWalk",
    2: "Exercise",
    3: "SitOnChair",
    4: "CrouchReach",
    5: "OnFloor",
    6: "Sports",
    7: "Misc",
}


def _test_camera(
    name, image_size, sensor_mm, focal_mm, aspect, offset_mm, origin, up, right
):
    """A camera from the fields of the test set's `*.calib` files.

    Their distortion is left out: `annot2` is the undistorted projection of
    `annot3` (TS5, TS6: median 0.003 px with these figures, 1.4 px with square pixels).
    """
    focal = focal_mm * image_size[0] / sensor_mm[0]
    center = [
        size / 2 + offset * size / sensor
        for size, offset, sensor in zip(image_size, offset_mm, sensor_mm)
    ]
    right, down = np.asarray(right), -np.asarray(up)
    return Camera(
        name=name,
        image_size=image_size,
        intrinsics=np.array([focal, focal * aspect, *center]),
        distortion=np.zeros(5),
        rotation=np.stack([right, down, np.cross(right, down)]),
        translation=np.array(origin),
    )


_STUDIO = _test_camera(
    name="studio",
    image_size=(2048, 2048),
    sensor_mm=(10.0, 10.0),
    focal_mm=7.32506,
    aspect=1.00044,
    offset_mm=(-0.0322884, 0.0929296),
    origin=(3427.28, 1387.86, 309.42),
    up=(-0.208215, 0.976233, 0.06014),
    right=(0.000575281, 0.0616098, -0.9981),
)
_OUTDOOR = _test_camera(
    name="outdoor",
    image_size=(1920, 1080),
    sensor_mm=(10.0, 5.625),
    focal_mm=8.770747185,
    aspect=0.993236423,
    offset_mm=(-0.104908645, 0.104899704),
    origin=(-2104.3074, 1038.6707, -4596.6367),
    up=(0.025272345, 0.995038509, 0.096227370),
    right=(-0.939647257, -0.009210289, 0.342020929),
)
TEST_CAMERAS = {
    name: _OUTDOOR if scene == "Outdoor" else _STUDIO
    for name, scene in TEST_SCENES.items()
}
