"""The conditional normalizing flow `f` of Eqs. 9 and 10."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import ops

from propose_keras.backend import tfp
from propose_keras.layers import ResidualMLP
from propose_keras.networks.bijectors import with_own_cache
from propose_keras.networks.context import PoseContext, as_context
from propose_keras.networks.couplings import AffineCoupling
from propose_keras.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="propose_keras")
class ConditionalFlow(keras.layers.Layer):
    """Chain of conditional couplings and fixed permutations.

    Direction: the paper's `f` takes a pose latent w to the base space. TFP's bijectors
    are named after sampling, base to data; so `forward` here, the paper's `f`, is the
    chain's `inverse`, and `inverse` here, the paper's `f^-1`, the chain's `forward`.

    The layer owns the couplings' subnets; `chain`, a `tfp.bijectors.Chain`, is a view
    on them. Where their outputs start at 0 the flow starts as a permutation: volume
    preserving, `log|det| = 0`.

    Args:
        couplings: Couplings such as `AffineCoupling`, at least one. Each keeps the
            first half of the coordinates that reach it and changes the others; fixed
            permutations stand between them.
        latent_size: Dimension d of both spaces.
        num_joints: Number of joints of the condition, J.
        seed: Of the permutations between couplings.
        condition_size: Numbers of the condition; `2 J` if None.

    Raises:
        TypeError: If a subnet is no layer.
        ValueError: If `latent_size` is below 2, there is no coupling or a subnet has
            another output size.
    """

    def __init__(
        self,
        couplings: Sequence[Any],
        latent_size: int = 32,
        num_joints: int = 17,
        seed: int | Tensor = 0,
        condition_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if latent_size < 2 or not couplings:
            raise ValueError(
                "`latent_size` must be at least 2 and `couplings` must hold at least "
                f"one coupling. Received: {latent_size=}, {len(couplings)=}."
            )
        self.latent_size = latent_size
        self.num_joints = num_joints
        self.seed = seed
        self.condition_size = condition_size or 2 * num_joints
        self.couplings = list(couplings)
        self.subnets = [s for c in self.couplings for s in c.subnets]
        self.num_kept = latent_size // 2
        self._chain = self._build_chain()

    def _build_chain(self):
        bijectors = []
        for i, permutation in enumerate(self._permutations()):
            if i > 0:
                bijectors.append(
                    tfp.bijectors.Permute(permutation, name=f"permute_{i}")
                )
            coupling = self.couplings[i]
            bijectors.append(coupling.make_bijector(self.latent_size, f"coupling_{i}"))
        bijectors = [with_own_cache(bijector) for bijector in bijectors]
        return with_own_cache(tfp.bijectors.Chain(bijectors, validate_event_size=False))

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
        for _ in self.couplings:
            shuffled = generator.permutation(self.latent_size)
            ranked = shuffled[np.argsort(times_kept[order][shuffled], kind="stable")]
            order = order[ranked]
            times_kept[order[: self.num_kept]] += 1
            yield ranked.astype("int32")

    @property
    def chain(self) -> Any:
        """The `tfp.bijectors.Chain`, base to data; see `condition_arguments`."""
        return self._chain

    def condition_arguments(self, condition: Tensor) -> dict[str, dict[str, Tensor]]:
        """Keyword arguments that hand the condition to every coupling of `chain`.

        Args:
            condition: `(batch, J, 2)`, or a `PoseContext`.

        Returns:
            Dict from the couplings' names to `{"condition": (batch, 1, size)}`.
        """
        if not isinstance(condition, PoseContext):
            condition = as_context(ops.convert_to_tensor(condition))
        condition = condition.features
        return {
            f"coupling_{i}": {"condition": condition}
            for i in range(len(self.couplings))
        }

    def build(
        self, latents_shape: Shape | None = None, condition_shape: Shape | None = None
    ) -> None:
        for coupling in self.couplings:
            coupling.build(self.latent_size, self.condition_size)

    def forward(self, latents: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The paper's `f`: pose latents to the base space.

        Args:
            latents: `w`, `(batch, hypotheses, d)`.
            condition: `c`, `(batch, J, 2)`, or a `PoseContext`.

        Returns:
            `f(w; c)` of the same shape, and `log|det df/dw|`, `(batch, hypotheses)`.
        """
        arguments = self.condition_arguments(condition)
        latents = ops.convert_to_tensor(latents)
        base = self.chain.inverse(latents, **arguments)
        log_det = self.chain.inverse_log_det_jacobian(latents, 1, **arguments)
        return base, log_det

    def inverse(self, base: Tensor, condition: Tensor) -> Tensor:
        """The paper's `f^-1`: base samples to pose latents, both `(batch, S, d)`."""
        arguments = self.condition_arguments(condition)
        return self.chain.forward(ops.convert_to_tensor(base), **arguments)

    def call(self, latents: Tensor, condition: Tensor) -> Tensor:
        """The same as `forward`."""
        return self.forward(latents, condition)

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "couplings": [serialize(c) for c in self.couplings],
            "latent_size": self.latent_size,
            "num_joints": self.num_joints,
            "seed": self.seed,
            "condition_size": self.condition_size,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        config = dict(config)
        if "subnet" in config:  # Written before couplings were arguments.
            return cls(couplings=_affine_couplings(config), **config)
        couplings = [
            keras.saving.deserialize_keras_object(c, custom_objects=custom_objects)
            for c in config.pop("couplings")
        ]
        return cls(couplings=couplings, **config)


def _affine_couplings(config):
    """Takes the arguments of affine couplings out of an old configuration."""
    subnet, clamp = config.pop("subnet"), config.pop("clamp")
    outputs = AffineCoupling.num_outputs(config["latent_size"])
    return [
        AffineCoupling(ResidualMLP(outputs, name=f"subnet_{i}", **subnet), clamp)
        for i in range(config.pop("num_couplings"))
    ]
