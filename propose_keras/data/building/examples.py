"""Examples of a data set: one clip seen by one camera each."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import numpy as np

from propose_keras.data.cameras import Camera
from propose_keras.skeletons import H36M_17

if typing.TYPE_CHECKING:
    import tensorflow_datasets as tfds


def clip_features(with_scores: bool = False) -> tfds.features.FeaturesDict:
    """Features of one example: one clip seen by one camera.

    | feature | shape | meaning |
    |---|---|---|
    | `pose_3d` | (frames, 17, 3) | mm, camera frame: x right, y down, z forward |
    | `keypoints_2d` | (frames, 17, 2) | pixels, x right, y down |
    | `keypoint_scores` | (frames, 17) | confidence; only with `with_scores` |
    | `subject`, `action`, `take`, `camera` | () | strings |
    | `frame_rate` | () | frames per second |
    | `image_size` | (2,) | width, height in pixels |
    | `intrinsics` | (4,) | fx, fy, cx, cy in pixels |
    | `distortion` | (5,) | k1, k2, k3, p1, p2 |
    | `rotation` | (3, 3) | world to camera |
    | `translation` | (3,) | the camera's position in the world, mm |

    Numbers are float32, `image_size` is int32; joints are in the order of
    `propose_keras.skeletons.H36M_17`.

    Args:
        with_scores: Whether the source has a confidence for each 2D joint.

    Returns:
        The features for `tfds.core.DatasetInfo`.
    """
    import tensorflow_datasets as tfds

    def tensor(*shape: int | None, dtype: type = np.float32) -> tfds.features.Tensor:
        return tfds.features.Tensor(shape=shape, dtype=dtype)

    num_joints = H36M_17.num_joints
    features = {
        "pose_3d": tensor(None, num_joints, 3),
        "keypoints_2d": tensor(None, num_joints, 2),
        "subject": tfds.features.Text(),
        "action": tfds.features.Text(),
        "take": tfds.features.Text(),
        "camera": tfds.features.Text(),
        "frame_rate": tfds.features.Scalar(dtype=np.float32),
        "image_size": tensor(2, dtype=np.int32),
        "intrinsics": tensor(4),
        "distortion": tensor(5),
        "rotation": tensor(3, 3),
        "translation": tensor(3),
    }
    if with_scores:
        features["keypoint_scores"] = tensor(None, num_joints)
    return tfds.features.FeaturesDict(features)


def clip_example(
    camera: Camera,
    pose_3d: np.ndarray,
    keypoints_2d: np.ndarray | None = None,
    *,
    subject: str,
    action: str,
    take: str,
    frame_rate: float,
    **arrays: np.ndarray,
) -> Mapping[str, Any]:
    """The example of one clip.

    Args:
        camera: Who sees it.
        pose_3d: Positions in the camera's frame, `(frames, 17, 3)` mm, in the order
            of `H36M_17`.
        keypoints_2d: Pixels, `(frames, 17, 2)`; the projection of `pose_3d` if None.
        subject: The person, such as `S9`.
        action: What they do.
        take: Which performance of the action.
        frame_rate: Frames per second.
        **arrays: Further features, written as float32: `keypoint_scores`, or a data
            set's own.

    Returns:
        Values of `clip_features`, and of `arrays`.
    """
    if keypoints_2d is None:
        keypoints_2d = camera.project(pose_3d)
    arrays = {
        "pose_3d": pose_3d,
        "keypoints_2d": keypoints_2d,
        "intrinsics": camera.intrinsics,
        "distortion": camera.distortion,
        "rotation": camera.rotation,
        "translation": camera.translation,
        **arrays,
    }
    return {
        **{name: np.asarray(value, np.float32) for name, value in arrays.items()},
        "subject": subject,
        "action": action,
        "take": take,
        "camera": camera.name,
        "frame_rate": np.float32(frame_rate),
        "image_size": np.array(camera.image_size, np.int32),
    }
