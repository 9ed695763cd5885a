"""A simulated 2D detector: errors, missing joints, and how sure it is of each joint."""

import numpy as np

from propose_keras.data.augmentations import Augmentation, Batch
from propose_keras.data.detection_errors import gaps, pose_size
from propose_keras.data.infilling import Infilling
from propose_keras.skeletons import H36M_17

# Deviations of annotators of the same picture (the constants of COCO's object keypoint
# similarity), as multiples of an elbow's. Joints of the trunk, which COCO lacks, lie
# between those that they are computed from; nose and head have more than COCO's nose,
# since layouts put them in different places.
_RELATIVE_DEVIATION = {
    **{"Hip": 1.4, "RHip": 1.5, "LHip": 1.5, "RKnee": 1.2, "LKnee": 1.2},
    **{"RFoot": 1.2, "LFoot": 1.2, "Spine": 1.3, "Thorax": 1.0, "Nose": 0.7},
    **{"Head": 0.8, "LShoulder": 1.1, "RShoulder": 1.1, "LElbow": 1.0},
    **{"RElbow": 1.0, "LWrist": 0.9, "RWrist": 0.9},
}
# Share of poses whose keypoints are exact, and the least level of others, as a share of
# the greatest.
_EXACT_SHARE, _LEAST_LEVEL = 0.2, 0.05
# Deviation of the logarithm of a joint's own level, and of what is told of it.
_JOINT_SPREAD, _TOLD_SPREAD = 0.5, 0.3
# Share of poses of which only one level is told, as of a detector without scores.
_UNTOLD_SHARE = 0.3
# How much of a joint's error is its parent's, and degrees of freedom of Student's t.
_CORRELATION, _FREEDOM = 0.5, 4.0
# Share of joints that are far off, how far in units of their deviation, and of how many
# of them that is told.
_OUTLIER_SHARE, _OUTLIER_FACTOR, _OUTLIER_TOLD = 0.015, 5.0, 0.6
# Share of poses whose arms or legs have left and right exchanged.
_SWAPPED_SHARE = 0.02
_ARMS = ("LShoulder", "LElbow", "LWrist"), ("RShoulder", "RElbow", "RWrist")
_LEGS = ("LHip", "LKnee", "LFoot"), ("RHip", "RKnee", "RFoot")
# Shares of poses with joints missing here and there, cut off at a line of the image,
# and hidden on one side; the others are whole.
_GAPPY_SHARE, _CUT_SHARE, _SIDE_SHARE = 0.2, 0.12, 0.05
# Of a pose with gaps: share of joints missing, besides those that hang on them.
_MISSING_SHARE = 0.12
# Share of a cut pose's extent that is left, at least, and of joints outside the image
# that are missing.
_LEAST_LEFT, _OUTSIDE_SHARE = 0.3, 0.7
_LEAST_MEASURED = 5


def simulated_detector(level: float, mean_pose: np.ndarray) -> Augmentation:
    """Augmentation that makes projections look like what a detector writes.

    Each pose has a level of noise, each joint a factor of its own, larger for hips than
    for heads. Errors are heavy-tailed, those of a joint and its parent correlated; some
    joints are far off; in some poses arms or legs have their sides exchanged. Joints
    are missing here and there, with what hangs on them, below or above a line of the
    image as of people who are cut off or stand behind a table, on one side of the body,
    or outside the image. They are filled in by `Infilling`, as `Lifter` does.

    Keypoints become `(B, 17, 3)`: x, y and the deviation that is told of them, in
    pixels: of a measured joint its own, roughly, as scores tell it, of a missing one
    the infilling's.

    Args:
        level: Greatest standard deviation of a coordinate, as a share of the pose's
            root mean square distance from the hip (about 550 mm for a grown-up).
        mean_pose: Mean root-relative 3D pose, `(17, 3)` mm, see `Infilling`.
    """
    infilling = Infilling(mean_pose)
    relative = np.array([_RELATIVE_DEVIATION[n] for n in H36M_17.joint_names])

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        exact = inputs["keypoints"]
        size = pose_size(exact)[:, None]
        count, num_joints, _ = exact.shape
        level_of_pose = _levels(level, count, generator)[:, None] * size
        spread = np.exp(_JOINT_SPREAD * generator.standard_normal((count, num_joints)))
        deviation = level_of_pose * relative * spread
        told = deviation * np.exp(
            _TOLD_SPREAD * generator.standard_normal((count, num_joints))
        )
        untold = generator.random((count, 1)) < _UNTOLD_SHARE
        told = np.where(untold, level_of_pose * relative, told)
        outliers = generator.random((count, num_joints)) < _OUTLIER_SHARE
        outliers &= level_of_pose > 0
        deviation = np.where(outliers, _OUTLIER_FACTOR * deviation, deviation)
        is_told = generator.random((count, num_joints)) < _OUTLIER_TOLD
        told = np.where(outliers & is_told & ~untold, _OUTLIER_FACTOR * told, told)
        keypoints = exact + deviation[..., None] * _errors(count, generator)
        _swap(keypoints, level_of_pose[:, 0] > 0, generator)
        missing = _missing(exact, inputs.get("image_size"), generator)
        keypoints, told = _filled(infilling, keypoints, told, missing)
        keypoints = np.concatenate([keypoints, told[..., None]], axis=-1)
        return {**inputs, "keypoints": keypoints.astype(np.float32)}, pose_3d

    return augment


def _levels(greatest, count, generator):
    """Of each pose, evenly in its logarithm; 0 where keypoints are exact."""
    level = np.exp(generator.uniform(np.log(_LEAST_LEVEL), 0.0, count)) * greatest
    return np.where(generator.random(count) < _EXACT_SHARE, 0.0, level)


def _errors(count, generator):
    """Of unit deviation, `(count, 17, 2)`: Student's t, correlated along the bones."""
    shape = count, H36M_17.num_joints, 2
    errors = generator.standard_normal(shape)
    own = np.sqrt(1 - _CORRELATION**2)
    for joint, parent in enumerate(H36M_17.parents):
        if parent >= 0:
            errors[:, joint] = _CORRELATION * errors[:, parent] + own * errors[:, joint]
    heavy = generator.chisquare(_FREEDOM, (*shape[:2], 1)) / (_FREEDOM - 2)
    return errors / np.sqrt(heavy)


def _swap(keypoints, may, generator):
    """Exchanges the sides of some poses' arms or legs, in place."""
    for left, right in (_ARMS, _LEGS):
        left = [H36M_17.index(name) for name in left]
        right = [H36M_17.index(name) for name in right]
        chosen = may & (generator.random(len(keypoints)) < _SWAPPED_SHARE / 2)
        rows = np.flatnonzero(chosen)[:, None]
        keypoints[rows, left + right] = keypoints[rows, right + left]


def _missing(keypoints, image_size, generator):
    """Which joints are missing, `(count, 17)`; enough are left of each pose."""
    count, num_joints, _ = keypoints.shape
    kind = generator.random(count)
    gappy = kind < _GAPPY_SHARE
    cut = ~gappy & (kind < _GAPPY_SHARE + _CUT_SHARE)
    sided = ~gappy & ~cut & (kind < _GAPPY_SHARE + _CUT_SHARE + _SIDE_SHARE)
    missing = gappy[:, None] & gaps(count, _MISSING_SHARE, generator)
    missing |= cut[:, None] & _cut_off(keypoints, generator)
    side = generator.random((count, 1)) < 0.5
    left, right = np.zeros((2, num_joints), bool)
    left[list(H36M_17.left)], right[list(H36M_17.right)] = True, True
    missing |= sided[:, None] & np.where(side, left, right)
    if image_size is not None:
        outside = (keypoints < 0) | (keypoints > image_size[:, None])
        lost = generator.random((count, num_joints)) < _OUTSIDE_SHARE
        missing |= outside.any(axis=-1) & lost
    return missing & ((~missing).sum(axis=1, keepdims=True) >= _LEAST_MEASURED)


def _cut_off(keypoints, generator):
    """Joints beyond a line across the image: below it mostly, above or aside."""
    count = len(keypoints)
    axis = generator.choice([1, 1, 1, 0], count)
    along = np.take_along_axis(keypoints, axis[:, None, None], axis=-1)[..., 0]
    lowest, highest = along.min(axis=1), along.max(axis=1)
    left = generator.uniform(_LEAST_LEFT, 1.0, count)
    far = along > (lowest + left * (highest - lowest))[:, None]
    near = along < (highest - left * (highest - lowest))[:, None]
    # People are seldom cut off at the head.
    turned = generator.random(count) < np.where(axis == 1, 0.15, 0.5)
    return np.where(turned[:, None], near, far)


def _filled(infilling, keypoints, told, missing):
    """Keypoints and deviations, missing joints filled in where that is possible."""
    scores = (~missing).astype(np.float32)
    possible = missing.any(axis=1) & infilling.can_fill(keypoints, scores)
    rows = np.flatnonzero(possible)
    if len(rows):
        filled = infilling(keypoints[rows], scores[rows])
        gaps = filled.missing
        deviation = np.sqrt(np.sum(filled.factor**2, axis=-1))
        keypoints[rows] = filled.keypoints
        told[rows] = np.where(gaps, deviation, told[rows])
    return keypoints, told
