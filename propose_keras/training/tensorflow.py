"""The training step on TensorFlow: gradient plumbing only."""

import functools
from typing import Any

import tensorflow as tf

from propose_keras import backend
from propose_keras.training.phases import choose_phase


class TrainStep:
    """Mixin that gives `ProPose` its `train_step` on TensorFlow."""

    def train_step(self: Any, data: Any) -> dict[str, Any]:
        """One step of Algorithm 1: the phase is chosen inside the compiled step."""
        batch = self.training_batch(data)
        step = self.optimizer.iterations
        seeds = self.step_seeds(step)
        branches = [functools.partial(self._run, phase) for phase in self.phases]
        phase = choose_phase(step, seeds, self.settings)
        logs = backend.switch(phase, branches, batch, seeds)
        self.optimizer.iterations.assign_add(1)
        return self.update_loss_trackers(logs)

    def _run(self: Any, phase, batch, seeds):
        carry, logs = None, {}
        for update in phase.updates:
            by_network = {n: self.network_variables(n) for n in update.networks}
            values = [v.value for group in by_network.values() for v in group]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss, more, carry = update.objective(
                    self, self.settings, batch, seeds, carry
                )
            gradients = iter(
                tape.gradient(
                    loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
                )
            )
            for network, variables in by_network.items():
                if not variables:
                    continue  # Frozen.
                optimizer = self.optimizer.for_network(network)
                optimizer.apply([next(gradients) for _ in variables], variables)
            logs.update(more)
        return self.complete_logs(logs)
