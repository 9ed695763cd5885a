"""The training step on JAX: gradient plumbing only."""

import functools
from typing import Any

import jax
import keras

from propose_keras import backend
from propose_keras.training.phases import choose_phase


class TrainStep:
    """Mixin that gives `ProPose` its `train_step` on JAX."""

    def train_step(self: Any, state: Any, data: Any) -> tuple[Any, Any]:
        """One step of Algorithm 1: the phase is chosen inside the compiled step."""
        trainable, non_trainable, optimizer, metrics = state
        batch = self._batch_from(data, non_trainable)
        values = _by_id(self.trainable_variables, trainable)
        values |= _by_id(self.non_trainable_variables, non_trainable)
        values |= _by_id(self.optimizer.variables, optimizer)
        step = values[id(self.optimizer.iterations)]
        seeds = self.step_seeds(step)
        branches = [functools.partial(self._run, phase) for phase in self.phases]
        values, logs = backend.switch(
            choose_phase(step, seeds, self.settings), branches, values, batch, seeds
        )
        values[id(self.optimizer.iterations)] = step + 1
        logs, metrics = self._tracked(logs, metrics)
        return logs, (
            [values[id(v)] for v in self.trainable_variables],
            non_trainable,
            [values[id(v)] for v in self.optimizer.variables],
            metrics,
        )

    def _run(self: Any, phase, values, batch, seeds):
        values, carry, logs = dict(values), None, {}
        for update in phase.updates:
            by_network = {n: self.network_variables(n) for n in update.networks}
            moved = [v for group in by_network.values() for v in group]

            def objective(
                moved_values, values, update=update, moved=moved, carry=carry
            ):
                values = values | _by_id(moved, moved_values)
                mapping = [(v, values[id(v)]) for v in self._all_weights()]
                with keras.StatelessScope(state_mapping=mapping):
                    loss, logs, carry = update.objective(
                        self, self.settings, batch, seeds, carry
                    )
                return loss, (logs, carry)

            gradients, (more, carry) = jax.grad(objective, has_aux=True)(
                [values[id(v)] for v in moved], values
            )
            gradients = iter(gradients)
            for network, variables in by_network.items():
                if not variables:
                    continue  # Frozen.
                optimizer = self.optimizer.for_network(network)
                new_values, new_state = optimizer.stateless_apply(
                    [values[id(v)] for v in optimizer.variables],
                    [next(gradients) for _ in variables],
                    [values[id(v)] for v in variables],
                )
                values |= _by_id(variables, new_values)
                values |= _by_id(optimizer.variables, new_state)
            logs.update(more)
        return values, self.complete_logs(logs)

    def _all_weights(self: Any):
        return [*self.trainable_variables, *self.non_trainable_variables]

    def _batch_from(self: Any, data, non_trainable):
        """`training_batch` with the normalisation's statistics out of the state."""
        mapping = list(zip(self.non_trainable_variables, non_trainable))
        with keras.StatelessScope(state_mapping=mapping):
            return self.training_batch(data)

    def _tracked(self: Any, logs, metrics):
        mapping = list(zip(self.metrics_variables, metrics))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logs = self.update_loss_trackers(logs)
        return logs, [scope.get_current_value(v) for v in self.metrics_variables]


def _by_id(variables, values):
    return {id(v): value for v, value in zip(variables, values)}
