"""The conditional normalizing flow `f` of Eqs. 9 and 10."""

import keras
import numpy as np
from keras import ops

from propose_keras.backend import tfp
from propose_keras.layers import ResidualMLP, soft_clamp
from propose_keras.networks.bijectors import AffineCoupling
from propose_keras.networks.shapes import flatten_condition


@keras.saving.register_keras_serializable(package="propose_keras")
class ConditionalFlow(keras.layers.Layer):
    """Chain of conditional affine couplings and fixed permutations.

    Direction: the paper's `f` takes a pose latent w to the base space. TFP's bijectors
    are named after sampling, base to data; so `forward` here, the paper's `f`, is the
    chain's `inverse`, and `inverse` here, the paper's `f^-1`, the chain's `forward`.

    The layer owns the subnets, one `ResidualMLP` a coupling; `chain`, a
    `tfp.bijectors.Chain`, is a view on them. Their output starts at 0, so the flow
    starts as a permutation: volume preserving, `log|det| = 0`.

    Args:
        latent_size: Dimension d of both spaces.
        num_joints: Number of joints of the condition, J.
        num_couplings: Number of couplings; each changes one half of the coordinates.
        clamp: Half width of the interval that holds a coupling's log-scale.
        seed: Of the permutations between couplings.
        subnet: Arguments of the subnets' `ResidualMLP`.

    Raises:
        ValueError: If `latent_size` is below 2 or `num_couplings` below 1.
    """

    def __init__(
        self,
        latent_size=32,
        num_joints=17,
        num_couplings=8,
        clamp=2.0,
        seed=0,
        subnet=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if latent_size < 2 or num_couplings < 1:
            raise ValueError(
                "`latent_size` must be at least 2 and `num_couplings` at least 1. "
                f"Received: {latent_size=}, {num_couplings=}."
            )
        self.latent_size = latent_size
        self.num_joints = num_joints
        self.num_couplings = num_couplings
        self.clamp = clamp
        self.seed = seed
        self.subnet_arguments = {"num_blocks": 1, "zero_output": True, **(subnet or {})}
        self.num_kept = latent_size // 2
        outputs = 2 * (latent_size - self.num_kept)
        self.subnets = [
            ResidualMLP(outputs, name=f"subnet_{i}", **self.subnet_arguments)
            for i in range(num_couplings)
        ]
        self._chain = self._build_chain()

    def _build_chain(self):
        bijectors = []
        for i, permutation in enumerate(self._permutations()):
            if i > 0:
                bijectors.append(
                    tfp.bijectors.Permute(permutation, name=f"permute_{i}")
                )
            function = self._shift_and_log_scale(self.subnets[i])
            bijectors.append(
                AffineCoupling(function, self.num_kept, name=f"coupling_{i}")
            )
        return tfp.bijectors.Chain(bijectors, validate_event_size=False)

    def _permutations(self):
        """What stands before each coupling, such that all coordinates take turns.

        The coordinates that were kept least often so far are kept next, ties broken at
        random: each pair of couplings changes every coordinate, and pairs split the
        coordinates differently.
        """
        # RandomState's permutations are frozen by NumPy: saved models stay valid.
        generator = np.random.RandomState(self.seed)
        order = np.arange(self.latent_size)
        times_kept = np.zeros(self.latent_size, int)
        for _ in range(self.num_couplings):
            shuffled = generator.permutation(self.latent_size)
            ranked = shuffled[np.argsort(times_kept[order][shuffled], kind="stable")]
            order = order[ranked]
            times_kept[order[: self.num_kept]] += 1
            yield ranked.astype("int32")

    def _shift_and_log_scale(self, subnet):
        def function(kept, condition):
            shift, log_scale = ops.split(subnet(kept, condition), 2, axis=-1)
            return shift, soft_clamp(log_scale, self.clamp)

        return function

    @property
    def chain(self):
        """The `tfp.bijectors.Chain`, base to data; see `condition_arguments`."""
        return self._chain

    def condition_arguments(self, condition):
        """Keyword arguments that hand the condition to every coupling of `chain`.

        Args:
            condition: `(batch, J, 2)`.

        Returns:
            Dict from the couplings' names to `{"condition": (batch, 1, 2J)}`.
        """
        condition = flatten_condition(ops.convert_to_tensor(condition))
        return {
            b.name: {"condition": condition}
            for b in self.chain.bijectors
            if isinstance(b, AffineCoupling)
        }

    def build(self, latents_shape=None, condition_shape=None):
        for subnet in self.subnets:
            subnet.build((None, 1, self.num_kept), (None, 1, 2 * self.num_joints))

    def forward(self, latents, condition):
        """The paper's `f`: pose latents to the base space.

        Args:
            latents: `w`, `(batch, hypotheses, d)`.
            condition: `c`, `(batch, J, 2)`.

        Returns:
            `f(w; c)` of the same shape, and `log|det df/dw|`, `(batch, hypotheses)`.
        """
        arguments = self.condition_arguments(condition)
        latents = ops.convert_to_tensor(latents)
        base = self.chain.inverse(latents, **arguments)
        log_det = self.chain.inverse_log_det_jacobian(latents, 1, **arguments)
        return base, log_det

    def inverse(self, base, condition):
        """The paper's `f^-1`: base samples to pose latents, both `(batch, S, d)`."""
        arguments = self.condition_arguments(condition)
        return self.chain.forward(ops.convert_to_tensor(base), **arguments)

    def call(self, latents, condition):
        """The same as `forward`."""
        return self.forward(latents, condition)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_size": self.latent_size,
            "num_joints": self.num_joints,
            "num_couplings": self.num_couplings,
            "clamp": self.clamp,
            "seed": self.seed,
            "subnet": self.subnet_arguments,
        }
