"""The PILGD of ground-truth poses: what the paper's Fig. 3 shows."""

from typing import Any

import numpy as np
from keras import ops

from propose_keras import backend, losses, random
from propose_keras.data.arrays import PoseArrays


def latent_means(model: Any, arrays: PoseArrays, batch_size: int = 1024) -> np.ndarray:
    """Means `mu_3D` (Eq. 2) of the ground-truth poses' latent distributions.

    Args:
        model: A `ProPose`.
        arrays: Poses with finite ground truth.
        batch_size: Poses per step.

    Returns:
        `(num_poses, d)`.
    """

    def encode(keypoints, image_size, pose_3d):
        return _encode(model, keypoints, image_size, pose_3d)[1][:, 0]

    compiled = backend.compile_function(encode, tuple(model.variables))
    sizes, means = arrays.image_sizes(), []
    for start in range(0, len(arrays), batch_size):
        rows = slice(start, start + batch_size)
        batch = (arrays.keypoints_2d[rows], sizes[rows], arrays.pose_3d[rows])
        means.append(ops.convert_to_numpy(compiled(*map(ops.convert_to_tensor, batch))))
    return np.concatenate(means)


def instance_depths(
    model: Any, arrays: PoseArrays, num_samples: int = 200, seed: int = 0
) -> np.ndarray:
    """Depths of joints that the poses' latent distributions decode to (Eq. 3).

    Args:
        model: A `ProPose`.
        arrays: A few poses.
        num_samples: Samples of each pose's distribution.
        seed: Of the samples.

    Returns:
        Depths relative to the root, mm: `(num_poses, num_samples * (J - 1))`.
    """
    keypoints = ops.convert_to_tensor(arrays.keypoints_2d)
    sizes = arrays.image_sizes()
    context, mean, scale, view = _encode(model, keypoints, sizes, arrays.pose_3d)
    noise = random.normal(
        random.row_seeds(seed, len(arrays)), num_samples, mean.shape[-1]
    )
    latents = losses.instance_sample(mean, scale, noise)
    pose = model.pilgd_learner.decode(latents, context)
    poses = model.normalization.denormalize_pose(pose, view)
    depths = np.asarray(ops.convert_to_numpy(poses))[..., 2]
    depths = np.delete(depths, model.normalization.skeleton.root, axis=-1)
    return depths.reshape(len(arrays), -1)


def _encode(model, keypoints, image_size, pose_3d):
    condition, view = model.normalization.observe(keypoints, image_size)
    pose = model.normalization.normalize_pose(pose_3d, view)
    context = model.context(condition)
    return context, *model.pilgd_learner.encode(pose[:, None], context), view
