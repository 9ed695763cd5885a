"""The paper's losses, one pure function per equation.

All poses are normalised (see `PoseNormalization`), so the losses have no unit. The
equations are per pose; each function returns per-pose values `(batch,)` unless stated
otherwise, and training takes their mean over the batch. Eqs. 4, 12 and 13 are called
MSE in the paper and written as sums of norms that are not squared: what is written is
implemented.
"""

import math
from typing import Any

from keras import ops

from propose_keras.types import Tensor

_EPSILON = 1e-12


def _norm(x):
    # The root of a sum of squares has no gradient at 0; the offset gives it one.
    return ops.sqrt(ops.sum(ops.square(x), axis=-1) + _EPSILON)


def joint_distances(pose: Tensor, other: Any) -> Tensor:
    """Distances between the joints of two poses.

    Args:
        pose: `(..., J, D)`.
        other: `(..., J, D)`.

    Returns:
        `(..., J)`, in the poses' unit.
    """
    return _norm(pose - other)


def reconstruction_3d(pose: Tensor, reconstruction: Tensor) -> Tensor:
    """`L_recon3D`, Eq. 4: sum over joints of the distance.

    Args:
        pose: `P_3D`, `(..., J, 3)`.
        reconstruction: `k(g(P_3D, P_2D) + s z, P_2D)`, `(..., J, 3)`.

    Returns:
        `(...)`.
    """
    return ops.sum(joint_distances(pose, reconstruction), axis=-1)


def reconstruction_2d(condition: Tensor, reconstruction: Tensor) -> Tensor:
    """`L_recon2D`, Eq. 6: sum over joints of the L1 distance.

    Args:
        condition: `P_2D`, `(batch, J, 2)`.
        reconstruction: `v(q(P_2D))`, `(batch, J, 2)`.

    Returns:
        `(batch,)`.
    """
    return ops.sum(ops.abs(condition - reconstruction), axis=(-2, -1))


def instance_sample(mean: Tensor, scale: Tensor, noise: Tensor) -> Tensor:
    """Eq. 3: a sample `w = mu_3D + s z` of the pose's instance-level distribution.

    Args:
        mean: `mu_3D`, `(..., d)`.
        scale: Standard deviation s, broadcasts against `mean`.
        noise: z, standard normal, `(..., d)`.

    Returns:
        `(..., d)`.
    """
    return mean + scale * noise


def latent_log_prob(
    base: Tensor, log_det: Tensor, mean: Tensor, log_scale: Tensor
) -> Tensor:
    """`log p_W(w; c)`, Eq. 9, in nats: the density of a latent under the flow.

    Args:
        base: `f(w; c)`, `(..., d)`.
        log_det: `log|det df/dw|`, `(...)`.
        mean: `mu_2D`, broadcasts against `base`.
        log_scale: `log sigma_2D`, broadcasts against `base`.

    Returns:
        `(...)`.
    """
    standardised = (base - mean) * ops.exp(-log_scale)
    terms = log_scale + 0.5 * ops.square(standardised) + 0.5 * math.log(2 * math.pi)
    return log_det - ops.sum(terms, axis=-1)


def negative_log_likelihood(
    base: Tensor, log_det: Tensor, mean: Tensor, log_scale: Tensor
) -> Tensor:
    """`L_NLL`, Eq. 10, in nats; see `latent_log_prob` for arguments and shape."""
    return -latent_log_prob(base, log_det, mean, log_scale)


def discriminator_loss(
    real_energy: Tensor, fake_energy: Tensor, margin: float
) -> Tensor:
    """`L_D`, Eq. 11: `D(P_3D) + [m - D(P^_3D)]^+`.

    Args:
        real_energy: `D(P_3D, P_2D)`, `(...)`.
        fake_energy: `D(P^_3D, P_2D)`, `(...)`.
        margin: Positive float m, in the energy's unit.

    Returns:
        `(...)`.
    """
    return real_energy + ops.relu(margin - fake_energy)


def generator_loss(fake_energy: Tensor) -> Tensor:
    """`L_G`, Eq. 11: the energy `D(P^_3D, P_2D)` of reconstructions, `(...)`."""
    return fake_energy


def pulling_away(features: Tensor) -> Tensor:
    """`L_PT`, Eq. 11: mean squared cosine between the features of a batch's poses.

    As in EBGAN (Zhao et al. 2017) the features are the discriminator's encoder outputs
    for the reconstructions.

    Args:
        features: S, `(batch, size)`, at least two rows.

    Returns:
        Scalar in [0, 1].
    """
    count = ops.cast(ops.shape(features)[0], features.dtype)
    unit = features / _norm(features)[..., None]
    squared = ops.square(ops.matmul(unit, ops.transpose(unit)))
    off_diagonal = ops.sum(squared) - ops.sum(ops.diagonal(squared))
    return off_diagonal / ops.maximum(count * (count - 1.0), 1.0)


def best_of_m(pose: Tensor, hypotheses: Tensor) -> Tensor:
    """`L_BoM`, Eq. 12: distance of the mean of the k best hypotheses.

    Args:
        pose: `P_3D`, `(batch, 1, J, 3)`.
        hypotheses: The set H_topk, `(batch, k, J, 3)`, see `select_best`.

    Returns:
        `(batch,)`.
    """
    mean = ops.mean(hypotheses, axis=1)
    return ops.sum(joint_distances(pose[:, 0], mean), axis=-1)


def select_best(pose: Tensor, hypotheses: Tensor, count: int) -> Tensor:
    """Indices of the hypotheses with the smallest error, for Eq. 12.

    Args:
        pose: `P_3D`, `(batch, 1, J, 3)`.
        hypotheses: `(batch, L, J, 3)`.
        count: k, at most L.

    Returns:
        `(batch, k)` int32.
    """
    errors = reconstruction_3d(pose, hypotheses)
    return ops.top_k(-errors, count)[1]


def random_hypothesis(pose: Tensor, hypothesis: Tensor) -> Tensor:
    """`L_rand`, Eq. 13: sum over joints of the distance of one random hypothesis.

    Args:
        pose: `P_3D`, `(batch, 1, J, 3)`.
        hypothesis: `(batch, 1, J, 3)`.

    Returns:
        `(batch,)`.
    """
    return ops.sum(joint_distances(pose, hypothesis), axis=(-2, -1))


def gate_is_open(beta: Tensor, b: float) -> Tensor:
    """Condition of Eq. 14: whether a step's `L_Bi` is trained.

    Args:
        beta: Drawn from U(0, 1), `()`.
        b: The hyperparameter, in [0, 1].

    Returns:
        Boolean, `()`. Where it is False, `L_Bi` is 0.
    """
    return beta >= b


def bidirectional(best: Tensor, random: Tensor) -> Tensor:
    """`L_Bi`, Eq. 14, where the gate is open: `L_BoM + L_rand`.

    Args:
        best: `L_BoM`, `(batch,)`.
        random: `L_rand`, `(batch,)`.

    Returns:
        `(batch,)`.
    """
    return best + random


def mode_to_mode(base_of_mean: Tensor, mean: Tensor) -> Tensor:
    """`L_m2m`, Eq. 15: Euclidean distance of `f(mu_3D)` and `mu_2D`.

    Args:
        base_of_mean: `f(mu_3D; c)`, `(..., d)`.
        mean: `mu_2D`, `(..., d)`.

    Returns:
        `(...)`.
    """
    return _norm(base_of_mean - mean)


def kl_to_standard_normal(mean: Tensor, scale: Tensor) -> Tensor:
    """KL divergence of `N(mean, scale^2)` from `N(0, I)`, in nats.

    Of Table 4's variational PILGD learner (Kingma and Welling 2022, appendix B).

    Args:
        mean: `(..., d)`.
        scale: Standard deviation, `(..., d)`.

    Returns:
        `(...)`.
    """
    terms = ops.square(mean) + ops.square(scale) - 1.0 - 2.0 * ops.log(scale)
    return 0.5 * ops.sum(terms, axis=-1)
