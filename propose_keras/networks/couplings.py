"""Couplings that a `ConditionalFlow` chains."""

from typing import Any, Self

import keras
from keras import ops

from propose_keras.layers import soft_clamp
from propose_keras.networks import parts
from propose_keras.networks.bijectors import AffineCouplingBijector


@keras.saving.register_keras_serializable(package="propose_keras")
class AffineCoupling:
    """Affine coupling (Dinh et al. 2017) whose subnet also sees a condition.

    The first `latent_size // 2` coordinates pass; of them and the condition the subnet
    computes the shift and, soft-clamped, the log-scale of the others.

    A coupling is no layer: the flow that it is given to owns its subnets, and
    `make_bijector` is a view on them. To write another one, offer `subnets`, `build`,
    `make_bijector`, `get_config` and `from_config`.

    Args:
        subnet: A layer that `networks.parts.check_part` describes: the coordinates that
            pass, under a condition of `2 J`, to `num_outputs(latent_size)`. Its output
            should start at 0, so that the flow starts as a permutation.
        clamp: Half width of the interval that holds the log-scale.

    Raises:
        ValueError: If `clamp` is not positive.
    """

    def __init__(self, subnet: Any, clamp: float = 2.0) -> None:
        if clamp <= 0:
            raise ValueError(f"`clamp` must be positive, received {clamp}.")
        self.subnet = subnet
        self.clamp = clamp

    @staticmethod
    def num_outputs(latent_size: int) -> int:
        """Output size of the subnet: a shift and a log-scale per changed coordinate."""
        return 2 * (latent_size - latent_size // 2)

    @property
    def subnets(self) -> list[Any]:
        """The layers of this coupling, in a fixed order."""
        return [self.subnet]

    def build(self, latent_size: int, condition_size: int) -> None:
        """Checks and builds the subnets.

        Raises:
            TypeError: If a subnet is no layer.
            ValueError: If a subnet has another output size.
        """
        outputs = self.num_outputs(latent_size)
        parts.check_part(self.subnet, outputs, type(self).__name__, "subnet")
        parts.build_part(self.subnet, latent_size // 2, condition_size)

    def make_bijector(self, latent_size: int, name: str) -> Any:
        """A TFP bijector, base to data, all of whose methods require `condition`."""
        return AffineCouplingBijector(
            self._shift_and_log_scale, latent_size // 2, name=name
        )

    def _shift_and_log_scale(self, kept, condition):
        outputs = self.subnet(kept, condition, dropout_seed=None)
        shift, log_scale = ops.split(outputs, 2, axis=-1)
        return shift, soft_clamp(log_scale, self.clamp)

    def get_config(self) -> dict[str, Any]:
        return {
            "subnet": parts.serialize_part(self.subnet),
            "clamp": self.clamp,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        subnet = keras.saving.deserialize_keras_object(
            config["subnet"], custom_objects=custom_objects
        )
        return cls(**{**config, "subnet": subnet})
