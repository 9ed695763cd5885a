"""One optimizer per network."""

import math
from collections.abc import Sequence
from typing import Any, Self

import keras
from keras import ops

from propose_keras.training.ema import weight_averages
from propose_keras.training.flat_adam import FlatAdam
from propose_keras.training.settings import (
    AdamSettings,
    OptimizerSettings,
    TrainingSettings,
)
from propose_keras.types import Tensor

NETWORKS = ("pilgd_learner", "discriminator", "pagd_learner", "flow", "lifter")


@keras.saving.register_keras_serializable(package="propose_keras")
class PhaseOptimizer(keras.optimizers.Optimizer):
    """An optimizer for each network of ProPose.

    Each phase applies the optimizers of its own networks, so their `iterations`, and
    with them their learning-rate schedules, count that phase's steps only. The
    `iterations` of this optimizer count all steps; training advances them.

    Args:
        pilgd_learner: Optimizer of g and k (rate alpha of Algorithm 1).
        discriminator: Optimizer of D.
        pagd_learner: Optimizer of q, v and h (rate alpha).
        flow: Optimizer of f (rate beta).
        lifter: Optimizer of the lifter, where the model has one.
        name: Of this optimizer.

    Raises:
        ValueError: If one optimizer is passed for two networks.
    """

    def __init__(
        self,
        pilgd_learner: Any,
        discriminator: Any,
        pagd_learner: Any,
        flow: Any,
        lifter: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        optimizers = [pilgd_learner, discriminator, pagd_learner, flow]
        if lifter is not None:
            optimizers.append(lifter)
        if len({id(optimizer) for optimizer in optimizers}) < len(optimizers):
            raise ValueError(
                "Each network needs an optimizer of its own: received one object for "
                "two of them. Pass copies, or use `PhaseOptimizer.replicate`."
            )
        self._by_network = dict(zip(NETWORKS, optimizers))

    @classmethod
    def replicate(cls, optimizer: Any) -> Any:
        """A `PhaseOptimizer` whose networks each get a copy of `optimizer`."""
        config = optimizer.get_config()
        return cls(*(type(optimizer).from_config(config) for _ in NETWORKS))

    def for_network(self, network: Any) -> Any:
        """The optimizer of a network, by the name it has in `NETWORKS`."""
        return self._by_network[network]

    @property
    def optimizers(self) -> list[Any]:
        """The networks' optimizers, in the order of `NETWORKS`."""
        return list(self._by_network.values())

    def build_networks(self, variables: dict[str, Any]) -> None:
        """Builds the optimizer of each network.

        Args:
            variables: Dict from names in `NETWORKS` to the trainable variables of that
                network. The optimizer of a network that is not there stays empty; a
                lifter's is given up, so that models without one stay as they were.

        Raises:
            ValueError: If a network has no optimizer.
        """
        missing = sorted(set(variables) - set(self._by_network))
        if missing:
            raise ValueError(
                f"The model trains {', '.join(missing)}, for which this "
                "`PhaseOptimizer` has no optimizer. Pass one, or use `make_optimizer`."
            )
        if self.built:
            return
        if "lifter" not in variables:
            self._by_network.pop("lifter", None)
        for network, optimizer in self._by_network.items():
            optimizer.build(variables.get(network, []))
        self.built = True

    def build(self, variables: Sequence[Any]) -> None:
        """Does nothing once `build_networks` has assigned variables to networks.

        Raises:
            RuntimeError: If it has not.
        """
        if not self.built:
            raise RuntimeError(
                "A `PhaseOptimizer` is built by `ProPose.compile`, which knows the "
                "network of each variable."
            )

    @property
    def variables(self) -> list[Any]:
        """The count of steps, then the variables of the networks' optimizers."""
        inner = [v for optimizer in self.optimizers for v in optimizer.variables]
        return [self.iterations, *inner]

    @property
    def learning_rate(self) -> Any:
        """Rate alpha as it stands; callbacks log it."""
        return self._by_network["pilgd_learner"].learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Tensor) -> None:
        raise AttributeError(
            "The networks have a learning rate each: set it on the optimizer that "
            f"`for_network(name)` returns, with a name out of {NETWORKS}."
        )

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None
    ) -> None:
        """Not offered: a step applies the optimizers of its phase's networks.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            "A `PhaseOptimizer` has no update of its own: apply the optimizer of the "
            "network, `for_network(name)`."
        )

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Overwrites weights by their running averages, where there are any.

        A network that has taken no step keeps its weights: its averages are still 0.
        """
        for optimizer in self.optimizers:
            if not self._lost_in_a_failed_step(optimizer):
                for variable, average in weight_averages(optimizer):
                    variable.assign(average)

    def save_own_variables(self, store: Any) -> None:
        """Saves the count of steps: the networks' optimizers are saved separately."""
        store["iterations"] = self.iterations.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Restores the count of steps."""
        self.iterations.assign(store["iterations"])

    @staticmethod
    def _lost_in_a_failed_step(optimizer):
        """Whether JAX holds no values: `fit` finalises after an error, too."""
        return not optimizer.built or optimizer.iterations._value is None

    def get_config(self) -> dict[str, Any]:
        return {
            **{
                name: keras.saving.serialize_keras_object(optimizer)
                for name, optimizer in self._by_network.items()
            },
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        config = dict(config)
        # Written while this was a `keras.optimizers.MultiOptimizer`.
        config.pop("loss_scale_factor", None)
        for name in set(NETWORKS) & set(config):
            config[name] = keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
        return cls(**config)


@keras.saving.register_keras_serializable(package="propose_keras")
class WarmUpSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up, then a constant rate or half a cosine to 0.

    Free of conditionals, unlike Keras' `CosineDecay`: optimizers may evaluate their
    schedule once per weight, and a conditional for each slows compilation down.

    Args:
        rate: Learning rate after the warm-up.
        num_steps: Step at which the cosine reaches 0.
        warmup_steps: Steps over which the rate rises from 0.
        cosine: Whether the rate falls after the warm-up.
    """

    def __init__(
        self, rate: float, num_steps: int, warmup_steps: int = 0, cosine: bool = True
    ) -> None:
        self.rate = rate
        self.num_steps = num_steps
        self.warmup_steps = warmup_steps
        self.cosine = cosine

    def __call__(self, step):
        step = ops.cast(step, "float32")
        factor = 1.0
        if self.warmup_steps:
            factor = ops.minimum(step / self.warmup_steps, 1.0)
        if self.cosine:
            length = max(self.num_steps - self.warmup_steps, 1)
            share = ops.clip((step - self.warmup_steps) / length, 0.0, 1.0)
            factor = factor * 0.5 * (1.0 + ops.cos(math.pi * share))
        return ops.cast(self.rate * factor, "float32")

    def get_config(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "num_steps": self.num_steps,
            "warmup_steps": self.warmup_steps,
            "cosine": self.cosine,
        }


def make_adam(rate: float, num_steps: int, settings: Any = None, **changes: Any) -> Any:
    """Adam with a schedule that ends when training does.

    Args:
        rate: Learning rate after the warm-up.
        num_steps: Steps that the optimizer will take, at least 1.
        settings: `AdamSettings`, whose `alpha` is not used; the default ones if None.
        **changes: Fields of it that are to differ, such as `warmup=0.1`.

    Raises:
        TypeError: If a name is no field of the settings.
        ValueError: If a value is out of range.
    """
    if num_steps < 1:
        raise ValueError(f"`num_steps` must be at least 1, received {num_steps}.")
    settings = (type(settings) if settings else AdamSettings).resolve(settings, changes)
    warmup_steps = int(settings.warmup * num_steps)
    is_cosine = settings.schedule == "cosine"
    arguments = {
        "learning_rate": WarmUpSchedule(
            rate, num_steps, warmup_steps, cosine=is_cosine
        ),
        "global_clipnorm": settings.clip_norm or None,
        "use_ema": settings.ema_momentum > 0.0,
        "ema_momentum": settings.ema_momentum or 0.99,
    }
    if settings.weight_decay:
        arguments["weight_decay"] = settings.weight_decay
    return FlatAdam(**arguments)


def make_optimizer(
    training: TrainingSettings, num_steps: int, settings: Any = None, **changes: Any
) -> PhaseOptimizer:
    """Adam for each network, with schedules that end when training does.

    Args:
        training: `TrainingSettings`: they fix how many of the steps each phase gets.
        num_steps: Steps that training will take in all, at least 1.
        settings: `OptimizerSettings`; the default ones if None.
        **changes: Fields of it that are to differ, such as `alpha=1e-3`.

    Returns:
        A `PhaseOptimizer`.

    Raises:
        TypeError: If a name is no field of `OptimizerSettings`.
        ValueError: If a value is out of range.
    """
    if num_steps < 1:
        raise ValueError(f"`num_steps` must be at least 1, received {num_steps}.")
    settings = OptimizerSettings.resolve(settings, changes)

    def adam(rate, phase):
        steps = max(training.steps_of_phase(phase, num_steps), 1)
        return make_adam(rate, steps, settings)

    return PhaseOptimizer(
        pilgd_learner=adam(settings.alpha, 0),
        discriminator=adam(settings.discriminator_rate, 0),
        pagd_learner=adam(settings.alpha, 1),
        flow=adam(settings.beta, 1),
        lifter=make_adam(settings.lifter_rate, num_steps, settings),
    )
