"""Lifting of keypoints that are known up to a Gaussian, as functions of tensors.

What `Lifter` compiles and what served models run.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from propose_keras import metrics, random
from propose_keras.pose_model import NoiseModel
from propose_keras.skeletons import H36M_17
from propose_keras.types import Tensor

# Keeps the noise of keypoints apart from that of the base distribution.
_KEYPOINT_NOISE = 1


def draw_noise(
    model: NoiseModel,
    row_seeds: Tensor,
    num_hypotheses: int,
    normal: Callable = random.normal,
) -> tuple[Tensor, Tensor]:
    """Noise of hypotheses, a function of their row seed and number only.

    Args:
        model: A `NoiseModel`.
        row_seeds: `(batch, 2)` int32.
        num_hypotheses: S.
        normal: What draws it, with the arguments of `random.normal`.

    Returns:
        Standard normal numbers, of the model `(batch, S, d)` and of the keypoints
        `(batch, S, J, 2)`.
    """
    noise = model.draw_noise(row_seeds, num_hypotheses, normal)
    seeds = random.fold_in(row_seeds, _KEYPOINT_NOISE)
    noise_2d = normal(seeds, num_hypotheses, 2 * model.num_joints)
    return noise, ops.reshape(noise_2d, (-1, num_hypotheses, model.num_joints, 2))


def lift_uncertain(
    model: NoiseModel,
    keypoints: Tensor,
    factor: Tensor,
    image_size: Tensor,
    noise: Tensor,
    noise_2d: Tensor | None = None,
) -> dict[str, Tensor]:
    """Lifts keypoints that are known up to a Gaussian.

    A model that is told deviations (`PoseNormalization.deviation_input`) gets those of
    the joints, and all hypotheses are its own. Of another each hypothesis lifts a draw
    of the keypoints.

    Args:
        model: A `NoiseModel`.
        keypoints: Means of the keypoints, `(batch, J, 2)` pixels.
        factor: Root of their covariance, `(batch, J, J)` pixels; see `Infilled`.
        image_size: `(batch, 2)` pixels.
        noise: Of the model, `(batch, S, d)`.
        noise_2d: Of the keypoints, `(batch, S, J, 2)`; a model that is told deviations
            needs none.

    Returns:
        `mode`, `hypotheses`, `mean`, `spread`, `spread_about_thorax` and
        `mode_latent_log_prob` of `LiftedPoses`, NaN of a model without latents.
    """
    if model.normalization.deviation_input:
        deviation = ops.sqrt(ops.sum(factor**2, axis=-1, keepdims=True))
        keypoints = ops.concatenate([keypoints, deviation], axis=-1)
        hypotheses = model.sample_from_noise(keypoints, image_size, noise=noise)
    else:
        drawn = keypoints[:, None] + ops.matmul(factor[:, None], noise_2d)
        hypotheses = _lift_each(model, drawn, image_size, noise)
    mode, log_prob = _lift_mode(model, keypoints, image_size)
    thorax = hypotheses[:, :, H36M_17.index("Thorax"), None]
    return {
        "mode": mode,
        "hypotheses": hypotheses,
        "mean": metrics.mean_pose(hypotheses),
        "spread": metrics.spread(hypotheses),
        "spread_about_thorax": metrics.spread(hypotheses - thorax),
        "mode_latent_log_prob": log_prob,
    }


def _lift_mode(model: Any, keypoints, image_size):
    """The mode and the log-density of its latent."""
    if not model.has_latent_density:
        mode = model.mode(keypoints, image_size)
        return mode, ops.full_like(mode[:, 0, 0], float("nan"))
    distribution = model.distribution(keypoints, image_size)
    latents = distribution.latents(distribution.base_mean)
    return distribution.mode(), distribution.log_prob_of_latents(latents)[:, 0]


def _lift_each(model, keypoints, image_size, noise):
    """One hypothesis `(batch, S, J, 3)` of each of the keypoints `(batch, S, J, 2)`."""
    shape = ops.shape(keypoints)
    sizes = ops.broadcast_to(image_size[:, None], (*shape[:2], 2))
    poses = model.sample_from_noise(
        ops.reshape(keypoints, (-1, model.num_joints, 2)),
        ops.reshape(sizes, (-1, 2)),
        noise=ops.reshape(noise, (-1, 1, noise.shape[-1])),
    )
    return ops.reshape(poses, (*shape[:2], model.num_joints, 3))
