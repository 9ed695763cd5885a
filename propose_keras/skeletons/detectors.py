"""The joint orders that pose detectors write."""

from propose_keras.skeletons.skeleton import Skeleton

_COCO_NAMES = (
    *("Nose", "LEye", "REye", "LEar", "REar"),
    *("LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist"),
    *("RWrist", "LHip", "RHip", "LKnee", "RKnee"),
    *("LAnkle", "RAnkle"),
)

# The order of COCO's keypoint task: MMPose, AlphaPose, Detectron2, ViTPose and more.
COCO_17 = Skeleton(
    name="coco17",
    joint_names=_COCO_NAMES,
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    left=(1, 3, 5, 7, 9, 11, 13, 15),
    right=(2, 4, 6, 8, 10, 12, 14, 16),
)

# AlphaPose's Halpe: COCO's joints, then head top, neck, hip centre and feet.
HALPE_26 = Skeleton(
    name="halpe26",
    joint_names=(
        *_COCO_NAMES,
        *("Head", "Neck", "Hip", "LBigToe", "RBigToe"),
        *("LSmallToe", "RSmallToe", "LHeel", "RHeel"),
    ),
    parents=(
        *(18, 0, 0, 1, 2, 18, 18, 5, 6, 7, 8, 19, 19, 11, 12, 13, 14),
        *(18, 19, -1, 15, 16, 15, 16, 15, 16),
    ),
    left=(1, 3, 5, 7, 9, 11, 13, 15, 20, 22, 24),
    right=(2, 4, 6, 8, 10, 12, 14, 16, 21, 23, 25),
)

# OpenPose's BODY_25 model.
BODY_25 = Skeleton(
    name="body25",
    joint_names=(
        *("Nose", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "MidHip", "RHip"),
        *("RKnee", "RAnkle", "LHip", "LKnee", "LAnkle"),
        *("REye", "LEye", "REar", "LEar", "LBigToe"),
        *("LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
    ),
    parents=(
        *(1, 8, 1, 2, 3, 1, 5, 6, -1, 8, 9, 10, 8, 12, 13),
        *(0, 0, 15, 16, 14, 14, 14, 11, 11, 11),
    ),
    left=(5, 6, 7, 12, 13, 14, 16, 18, 19, 20, 21),
    right=(2, 3, 4, 9, 10, 11, 15, 17, 22, 23, 24),
)

# OpenPose's BODY_25B model: COCO's joints, then neck, head top and feet.
BODY_25B = Skeleton(
    name="body25b",
    joint_names=(
        *_COCO_NAMES,
        *("UpperNeck", "HeadTop", "LBigToe", "LSmallToe", "LHeel"),
        *("RBigToe", "RSmallToe", "RHeel"),
    ),
    parents=(
        *(17, 0, 0, 1, 2, 17, 17, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
        *(-1, 17, 15, 15, 15, 16, 16, 16),
    ),
    left=(1, 3, 5, 7, 9, 11, 13, 15, 19, 20, 21),
    right=(2, 4, 6, 8, 10, 12, 14, 16, 22, 23, 24),
)

# OpenPose's COCO model, and AlphaPose's `--format open` and `cmu`.
COCO_18 = Skeleton(
    name="coco18",
    joint_names=(
        *("Nose", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "RHip", "RKnee"),
        *("RAnkle", "LHip", "LKnee", "LAnkle", "REye"),
        *("LEye", "REar", "LEar"),
    ),
    parents=(1, -1, 1, 2, 3, 1, 5, 6, 1, 8, 9, 1, 11, 12, 0, 0, 14, 15),
    left=(5, 6, 7, 11, 12, 13, 15, 17),
    right=(2, 3, 4, 8, 9, 10, 14, 16),
)

# OpenPose's MPI model.
MPII_15 = Skeleton(
    name="mpii15",
    joint_names=(
        *("HeadTop", "Neck", "RShoulder", "RElbow", "RWrist"),
        *("LShoulder", "LElbow", "LWrist", "RHip", "RKnee"),
        *("RAnkle", "LHip", "LKnee", "LAnkle", "Chest"),
    ),
    parents=(1, 14, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1),
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)

# MediaPipe's (BlazePose's) pose landmarks.
MEDIAPIPE_33 = Skeleton(
    name="mediapipe33",
    joint_names=(
        *("Nose", "LEyeInner", "LEye", "LEyeOuter", "REyeInner"),
        *("REye", "REyeOuter", "LEar", "REar", "LMouth"),
        *("RMouth", "LShoulder", "RShoulder", "LElbow", "RElbow"),
        *("LWrist", "RWrist", "LPinky", "RPinky", "LIndex"),
        *("RIndex", "LThumb", "RThumb", "LHip", "RHip"),
        *("LKnee", "RKnee", "LAnkle", "RAnkle", "LHeel"),
        *("RHeel", "LFootIndex", "RFootIndex"),
    ),
    parents=(
        *(-1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0, 0, 0, 11, 12, 13, 14),
        *(15, 16, 15, 16, 15, 16, 11, 12, 23, 24, 25, 26, 27, 28, 27, 28),
    ),
    left=(1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31),
    right=(4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32),
)

# Kinect for Windows v2: the enumeration `JointType` of its SDK 2.0.
KINECT_25 = Skeleton(
    name="kinect25",
    joint_names=(
        *("SpineBase", "SpineMid", "Neck", "Head"),
        *("LShoulder", "LElbow", "LWrist", "LHand"),
        *("RShoulder", "RElbow", "RWrist", "RHand"),
        *("LHip", "LKnee", "LAnkle", "LFoot"),
        *("RHip", "RKnee", "RAnkle", "RFoot"),
        *("SpineShoulder", "LHandTip", "LThumb", "RHandTip", "RThumb"),
    ),
    parents=(
        *(-1, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10),
        *(0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11),
    ),
    left=(4, 5, 6, 7, 12, 13, 14, 15, 21, 22),
    right=(8, 9, 10, 11, 16, 17, 18, 19, 23, 24),
)

# Azure Kinect: the enumeration `k4abt_joint_id_t` of its Body Tracking SDK.
KINECT_32 = Skeleton(
    name="kinect32",
    joint_names=(
        *("Pelvis", "SpineNavel", "SpineChest", "Neck"),
        *("LClavicle", "LShoulder", "LElbow", "LWrist"),
        *("LHand", "LHandTip", "LThumb"),
        *("RClavicle", "RShoulder", "RElbow", "RWrist"),
        *("RHand", "RHandTip", "RThumb"),
        *("LHip", "LKnee", "LAnkle", "LFoot"),
        *("RHip", "RKnee", "RAnkle", "RFoot"),
        *("Head", "Nose", "LEye", "LEar", "REye", "REar"),
    ),
    parents=(
        *(-1, 0, 1, 2, 2, 4, 5, 6, 7, 8, 7, 2, 11, 12, 13, 14, 15, 14),
        *(0, 18, 19, 20, 0, 22, 23, 24, 3, 26, 26, 26, 26, 26),
    ),
    left=(4, 5, 6, 7, 8, 9, 10, 18, 19, 20, 21, 28, 29),
    right=(11, 12, 13, 14, 15, 16, 17, 22, 23, 24, 25, 30, 31),
)
