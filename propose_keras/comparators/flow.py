"""An invertible network between pose and (2D, z): Wehrbein et al., ICCV 2021."""

import dataclasses
from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras.comparators.base import ComparatorLifter
from propose_keras.comparators.training import step_noise
from propose_keras.comparators.trunks import TrunkSettings, make_mlp, without_root
from propose_keras.layers import ResidualMLP
from propose_keras.networks import parts
from propose_keras.networks.shapes import flatten_condition
from propose_keras.settings import setting
from propose_keras.types import Tensor

_CLAMP = 2.0
_CONDITION_WIDTH = 256
# a of the kernels a^2 / (a^2 + d^2).
_MMD_WIDTHS = (0.05, 0.2, 0.9)


@dataclasses.dataclass(frozen=True)
class FlowSettings(TrunkSettings):
    """Settings of a `FlowLifter`; the defaults are the paper's.

    Raises:
        ValueError: If a value is out of range, or graphs are asked for.
    """

    num_blocks: int = setting(0, "Residual blocks of two dense layers.", minimum=0)
    num_couplings: int = setting(
        8, "Couplings of the flow; their subnets have one block.", minimum=1
    )
    condition_features: int = setting(
        56, "Numbers that the flow's couplings are given of the keypoints.", minimum=1
    )
    training_hypotheses: int = setting(
        200, "L: hypotheses drawn for the best-of-M loss (Eq. 12).", minimum=1
    )
    num_best: int = setting(
        5, "k of Eq. 12: how many of the L hypotheses are averaged.", minimum=1
    )
    forward_weight: float = setting(
        1.0, "Weight of the flow's L1 error in 2D.", minimum=0
    )
    mmd_weight: float = setting(
        10.0, "Weight of the flow's maximum mean discrepancy.", minimum=0
    )
    mode_error_weight: float = setting(
        4.0, "Weight of the flow's L1 error of the pose at z = 0.", minimum=0
    )
    best_weight: float = setting(
        4.0, "Weight of the flow's L1 error of the best hypotheses' mean.", minimum=0
    )

    def __post_init__(self):
        super().__post_init__()
        if self.encoder == "graph":
            raise ValueError(
                "The couplings of the flow split a pose across joints: it has no graph "
                'over them. Pass encoder="mlp".'
            )
        if self.num_best > self.training_hypotheses:
            raise ValueError(
                f"`num_best` ({self.num_best}) cannot exceed `training_hypotheses` "
                f"({self.training_hypotheses}): the best are chosen among those."
            )


@keras.saving.register_keras_serializable(package="propose_keras")
class FlowLifter(ComparatorLifter):
    """Invertible network of a pose to its 2D joints and what they lack, z.

    Wehrbein et al., "Probabilistic monocular 3D human pose estimation with normalizing
    flows" (ICCV 2021): `f(pose; c) = [z, 2D]`, hypotheses are `f^-1([z, 2D]; c)` with
    `z` standard normal. Losses: L1 in 2D, maximum mean discrepancy
    of `(z, 2D)`, L1 of the pose at z = 0, and L1 of the mean of the `num_best` of
    `training_hypotheses` hypotheses. Left out: the critic, and the
    condition and loss by heatmaps, which the data do not hold; c is of the keypoints.

    The mode is at z = 0. A pose has no density given 2D: hypotheses lie on a surface of
    as many dimensions as z. Arguments and methods: see `ComparatorLifter`, and
    `FlowSettings`.
    """

    system_name = "Flow"
    settings_class = FlowSettings
    loss_names = ("forward", "mmd", "mode", "best")

    def make_networks(self) -> None:
        """Couplings, each after a fixed permutation, and the condition's network."""
        settings, size = self.settings, 3 * (self.num_joints - 1)
        self.context = ResidualMLP(
            settings.condition_features, _CONDITION_WIDTH, num_blocks=0, name="context"
        )
        parts.build_part(self.context, 2 * self.num_joints)
        self.couplings = []
        for index in range(settings.num_couplings):
            subnets = [
                make_mlp(settings, 2 * out, f"subnet_{index}_{name}", zero_output=True)
                for name, out in (("a", size // 2), ("b", size - size // 2))
            ]
            coupling = GlowCoupling(*subnets, name=f"coupling_{index}")
            coupling.build((None, 1, size), (None, 1, settings.condition_features))
            self.couplings.append(coupling)
        self._orders = [
            np.random.RandomState(i).permutation(size)
            for i in range(settings.num_couplings)
        ]

    @property
    def noise_size(self) -> int:
        """The size of z: one number for each joint."""
        return self.num_joints - 1

    def forward(self, pose: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """`f`.

        Args:
            pose: Normalised, `(batch, S, J - 1, 3)`.
            context: Of `context_of`.

        Returns:
            z and 2D, `(batch, S, 3 (J - 1))`, and the log-determinant `(batch, S)`.
        """
        # All x, then all y, then all z, as in the paper's code.
        x = ops.transpose(pose, (0, 1, 3, 2))
        x = ops.reshape(x, (-1, ops.shape(pose)[1], 3 * (self.num_joints - 1)))
        log_det = ops.zeros_like(x[..., 0])
        for coupling, order in zip(self.couplings, self._orders):
            x, more = coupling(x, context)
            x, log_det = ops.take(x, order, axis=-1), log_det + more
        return x, log_det

    def inverse(self, code: Tensor, context: Tensor) -> Tensor:
        """`f^-1`: poses `(batch, S, J - 1, 3)` of z and 2D."""
        for coupling, order in zip(self.couplings[::-1], self._orders[::-1]):
            code = coupling.inverse(ops.take(code, np.argsort(order), -1), context)
        axes = ops.reshape(code, (-1, ops.shape(code)[1], 3, self.num_joints - 1))
        return ops.transpose(axes, (0, 1, 3, 2))

    def context_of(self, condition: Tensor) -> Tensor:
        """C of keypoints `(batch, J, 2)`: `(batch, 1, condition_features)`."""
        return self.context(flatten_condition(condition))

    def keypoints_of(self, condition: Tensor) -> Tensor:
        """The 2D part of the code: all x, then all y, `(batch, 1, 2 (J - 1))`."""
        joints = without_root(condition, self.root)
        flat = ops.transpose(joints, (0, 2, 1))
        return ops.reshape(flat, (-1, 1, 2 * (self.num_joints - 1)))

    def losses_of(self, condition: Any, pose: Any, seed: Any) -> dict[str, Tensor]:
        """The four losses of the paper that need neither images nor a critic."""
        settings, size = self.settings, self.noise_size
        context, keypoints = self.context_of(condition), self.keypoints_of(condition)
        code = self.forward(pose[:, None], context)[0]
        error_2d = ops.mean(ops.abs(code[..., size:] - keypoints), axis=(1, 2))
        drawn = step_noise(seed, 1, pose, 1, size)
        wanted = ops.concatenate([drawn, keypoints], axis=-1)
        discrepancy = maximum_mean_discrepancy(code[:, 0], wanted[:, 0])
        mode = self._decode(ops.zeros_like(drawn), keypoints, context)
        noise = step_noise(seed, 2, pose, settings.training_hypotheses, size)
        # Chosen without gradient, so that as few poses as are averaged need one.
        poses = ops.stop_gradient(self._decode(noise, keypoints, context))
        errors = ops.mean(ops.abs(poses - pose[:, None]), axis=(2, 3))
        _, chosen = ops.top_k(-ops.stop_gradient(errors), settings.num_best)
        noise = ops.take_along_axis(noise, chosen[..., None], axis=1)
        best = ops.mean(self._decode(noise, keypoints, context), axis=1)
        return {
            "forward": settings.forward_weight * error_2d,
            "mmd": settings.mmd_weight * discrepancy,
            "mode": settings.mode_error_weight * _l1(mode[:, 0], pose),
            "best": settings.best_weight * _l1(best, pose),
        }

    def _decode(self, noise, keypoints, context):
        shape = (*ops.shape(noise)[:2], keypoints.shape[-1])
        code = ops.concatenate([noise, ops.broadcast_to(keypoints, shape)], axis=-1)
        return self.inverse(code, context)

    def mode_of(self, condition: Tensor) -> Tensor:
        """The pose at z = 0."""
        noise = ops.zeros((ops.shape(condition)[0], 1, self.noise_size))
        return self.generate(condition, noise, 1.0)[:, 0]

    def generate(self, condition: Tensor, noise: Tensor, temperature: Any) -> Tensor:
        """`f^-1` of noise and keypoints."""
        keypoints = self.keypoints_of(condition)
        return self._decode(temperature * noise, keypoints, self.context_of(condition))


@keras.saving.register_keras_serializable(package="propose_keras")
class GlowCoupling(keras.layers.Layer):
    """Affine coupling of both halves, FrEIA's `GLOWCouplingBlock`.

    `y_1 = e(s_2) x_1 + t_2` with s and t a function of `x_2` and the condition, then
    `y_2 = e(s_1) x_2 + t_1` of `y_1`; see `log_scale` for e.

    Shape:
        `x` (batch, S, size) and `condition` (batch, 1, condition size) to (batch, S,
        size) and the log-determinant, (batch, S).

    Args:
        first: Layer of the second half, under the condition, to s and t of the first.
        second: Layer of the new first half to s and t of the second.
    """

    def __init__(self, first: Any, second: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first, self.second = first, second

    def build(self, x_shape: Any, condition_shape: Any) -> None:
        half = x_shape[-1] // 2
        parts.build_part(self.first, x_shape[-1] - half, condition_shape[-1])
        parts.build_part(self.second, half, condition_shape[-1])

    def call(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        first, second = _halves(x)
        scale, shift = ops.split(self.first(second, condition), 2, axis=-1)
        scale = log_scale(scale)
        log_det = ops.sum(scale, axis=-1)
        first = first * ops.exp(scale) + shift
        scale, shift = ops.split(self.second(first, condition), 2, axis=-1)
        scale = log_scale(scale)
        log_det = log_det + ops.sum(scale, axis=-1)
        second = second * ops.exp(scale) + shift
        return ops.concatenate([first, second], axis=-1), log_det

    def inverse(self, y: Tensor, condition: Tensor) -> Tensor:
        """X of y."""
        first, second = _halves(y)
        scale, shift = ops.split(self.second(first, condition), 2, axis=-1)
        second = (second - shift) * ops.exp(-log_scale(scale))
        scale, shift = ops.split(self.first(second, condition), 2, axis=-1)
        first = (first - shift) * ops.exp(-log_scale(scale))
        return ops.concatenate([first, second], axis=-1)


def log_scale(s: Tensor) -> Tensor:
    """Log of a coupling's factor, FrEIA's soft clamp: `2 * 0.636 * atan(s / 2)`."""
    return _CLAMP * 0.636 * ops.arctan(s / _CLAMP)


def maximum_mean_discrepancy(x: Tensor, y: Tensor) -> Tensor:
    """MMD of two sets of points under inverse multiquadratic kernels, a scalar.

    Ardizzone et al., "Analyzing inverse problems with invertible neural networks" (ICLR
    2019), appendix: the sum over widths a of kernels `a^2 / (a^2 + d^2)`.

    Args:
        x: `(n, size)`.
        y: `(n, size)`.
    """

    def mean_kernel(a, b):
        products = ops.matmul(a, ops.transpose(b))
        squares = ops.sum(ops.square(a), -1, True) - 2.0 * products
        squares = ops.relu(squares + ops.sum(ops.square(b), -1)[None])
        kernels = [w**2 / (w**2 + squares) for w in _MMD_WIDTHS]
        return ops.mean(sum(kernels))

    return mean_kernel(x, x) + mean_kernel(y, y) - 2.0 * mean_kernel(x, y)


def _halves(x):
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


def _l1(pose, target):
    return ops.mean(ops.abs(pose - target), axis=(-2, -1))
