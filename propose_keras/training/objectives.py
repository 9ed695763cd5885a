"""The losses of a step, in `keras.ops`: what each phase of Algorithm 1 minimises.

Each objective is a function of `(model, settings, batch, seeds, carry)` that returns
`(loss, logs, carry)`: a scalar, a dict from names to losses without their weights for
the progress bar, and what the step's next objective may use.
"""

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from keras import ops

from propose_keras import losses, random
from propose_keras.types import Tensor


class Batch(NamedTuple):
    """A normalised batch: `pose` (batch, 1, J, 3), `condition` (batch, J, inputs)."""

    pose: Any
    condition: Any

    @property
    def keypoints(self) -> Any:
        """The condition's x and y, `(batch, J, 2)`."""
        return self.condition[..., :2]


# All losses in the order of the progress bar, and when they are computed: functions of
# the model and its settings.
LOSSES = {
    "phase_1": lambda model, settings: settings.scheme == "alternate",
    "phase_2": lambda model, settings: settings.scheme == "alternate",
    "end_to_end": lambda model, settings: settings.scheme == "end_to_end",
    "recon_3d": lambda model, settings: True,
    "lift": lambda model, settings: model.lifter is not None,
    "kl": lambda model, settings: model.pilgd_learner.kind == "standard",
    "best_of_m": lambda model, settings: settings.bidirectional_weight > 0.0,
    "random": lambda model, settings: settings.bidirectional_weight > 0.0,
    "generator": lambda model, settings: settings.use_discriminator,
    "pulling_away": lambda model, settings: settings.use_discriminator,
    "discriminator": lambda model, settings: settings.use_discriminator,
    "recon_2d": lambda model, settings: model.pagd_learner is not None,
    "nll": lambda model, settings: settings.nll_weight > 0.0,
    "m2m": lambda model, settings: settings.m2m_weight > 0.0,
    "mode": lambda model, settings: settings.mode_weight > 0.0,
}

# Each use of noise in a step has a seed of its own, a row of `noise_seeds`.
_NUM_USES = 5
_LATENT, _HYPOTHESES, _GATE, _DROPOUT, _LIFT = range(_NUM_USES)


def loss_names(model: Any, settings: Any) -> list[str]:
    """Those of `LOSSES` that this model computes under these settings, in order."""
    return [name for name, applies in LOSSES.items() if applies(model, settings)]


# Loss, logs and what the next objective may use.
Objective: TypeAlias = tuple[Tensor, dict[str, Tensor], Any]


class _Sum:
    """A weighted sum of losses, and each of them as it is."""

    def __init__(self):
        self.total, self.logs = 0.0, {}

    def add(self, name, value, weight=1.0):
        self.total = self.total + weight * value
        self.logs[name] = value

    def named(self, name):
        """The sum and, with it under a name of its own, the losses."""
        return self.total, {name: self.total, **self.logs}


def phase_1(
    model: Any,
    settings: Any,
    batch: Any,
    seeds: Tensor,
    carry: Tensor = None,
    bidirectional: bool = False,
) -> Objective:
    """`L_phase1` and the PILGD learner's share of `L_disc`; moves g and k."""
    total = _Sum()
    context, reconstruction, _, _ = _add_pilgd_losses(
        total, model, settings, batch, seeds
    )
    if bidirectional:
        _add_bidirectional(total, model, settings, batch, seeds, context)
    return *total.named("phase_1"), reconstruction


def phase_2(
    model: Any, settings: Any, batch: Any, seeds: Tensor, carry: Tensor = None
) -> Objective:
    """`L_phase2`; moves q, v, h and f. The PILGD learner is given."""
    total = _Sum()
    context = _add_lift(total, model, settings, batch, seeds)
    mean, scale = model.pilgd_learner.encode(batch.pose, context)
    mean, scale = ops.stop_gradient(mean), ops.stop_gradient(scale)
    latents = losses.instance_sample(mean, scale, _latent_noise(model, batch, seeds))
    _add_flow_losses(total, model, settings, batch, seeds, context, latents, mean)
    return *total.named("phase_2"), None


def end_to_end(
    model: Any,
    settings: Any,
    batch: Any,
    seeds: Tensor,
    carry: Tensor = None,
    bidirectional: bool = False,
) -> Objective:
    """All losses at once, through all networks but the discriminator (Table 6)."""
    total = _Sum()
    context, reconstruction, latents, mean = _add_pilgd_losses(
        total, model, settings, batch, seeds
    )
    if bidirectional:
        _add_bidirectional(total, model, settings, batch, seeds, context)
    _add_flow_losses(total, model, settings, batch, seeds, context, latents, mean)
    return *total.named("end_to_end"), reconstruction


def discriminator(
    model: Any, settings: Any, batch: Any, seeds: Tensor, carry: Tensor
) -> Objective:
    """`L_D` of Eq. 11 on the reconstructions that the PILGD learner just made."""
    reconstruction = ops.stop_gradient(carry)
    real, _ = model.discriminator(batch.pose, batch.keypoints)
    fake, _ = model.discriminator(reconstruction, batch.keypoints)
    loss = ops.mean(losses.discriminator_loss(real, fake, settings.margin))
    return loss, {"discriminator": loss}, None


def _latent_noise(model, batch, seeds):
    size = model.pilgd_learner.latent_size
    return _noise(seeds, _LATENT, ops.shape(batch.pose)[0], size)[:, None]


def noise_seeds(seed: int | Tensor) -> Tensor:
    """Seeds `(uses, 2)` of a step's noise from the step's seed, `(2,)` integers."""
    return random.fold_in(ops.broadcast_to(seed, (_NUM_USES, 2)), np.arange(_NUM_USES))


def _noise(seeds, use, num_draws, size):
    return random.normal(seeds[use][None], num_draws, size)[0]


def _add_lift(total, model, settings, batch, seeds):
    """Adds the error of the lifted pose, where there is a lifter.

    Returns:
        The batch's context, its lifted pose as far off as on new people.
    """
    context = model.context(batch.condition)
    if context.lifted is None:
        return context
    lift = ops.mean(losses.reconstruction_3d(batch.pose, context.lifted))
    total.add("lift", lift, settings.lift_weight)
    if settings.lift_noise == 0.0:
        return context
    size = 3 * model.num_joints + 1
    noise = _noise(seeds, _LIFT, ops.shape(batch.pose)[0], size)[:, None]
    shape = ops.shape(context.lifted)
    shift = ops.reshape(noise[..., 1:], shape)
    shift = shift + noise[..., :1, None] * context.lifted
    lifted = context.lifted + settings.lift_noise * ops.stop_gradient(shift)
    return context._replace(lifted=lifted)


def _add_pilgd_losses(total, model, settings, batch, seeds):
    """Adds the losses of g and k.

    Returns:
        The context, the reconstruction, the latents and their means.
    """
    pilgd = model.pilgd_learner
    dropout_seed = seeds[_DROPOUT]
    context = _add_lift(total, model, settings, batch, seeds)
    mean, scale = pilgd.encode(batch.pose, context, dropout_seed)
    latents = losses.instance_sample(mean, scale, _latent_noise(model, batch, seeds))
    reconstruction = pilgd.decode(latents, context, dropout_seed)
    recon_3d = ops.mean(losses.reconstruction_3d(batch.pose, reconstruction))
    total.add("recon_3d", recon_3d, settings.recon_3d_weight)
    if pilgd.kind == "standard":
        kl = ops.mean(losses.kl_to_standard_normal(mean, scale))
        total.add("kl", kl, settings.kl_weight)
    if settings.use_discriminator:
        energy, features = model.discriminator(reconstruction, batch.keypoints)
        generator = ops.mean(losses.generator_loss(energy))
        total.add("generator", generator, settings.generator_weight)
        pulling_away = losses.pulling_away(features[:, 0])
        total.add("pulling_away", pulling_away, settings.pulling_away_weight)
    return context, reconstruction, latents, mean


def _add_flow_losses(total, model, settings, batch, seeds, context, latents, mean):
    """Adds the losses of q, v, h and f, of latents and of their means."""
    dropout_seed = seeds[_DROPOUT]
    base_mean, log_scale = ops.zeros_like(mean), ops.zeros_like(mean)
    if model.pagd_learner is not None:
        pagd = model.pagd_learner
        features = pagd.encode(context, dropout_seed)
        base_mean, log_scale = pagd.project(features)
        reconstruction = pagd.decode(features, dropout_seed)
        recon_2d = ops.mean(losses.reconstruction_2d(batch.keypoints, reconstruction))
        total.add("recon_2d", recon_2d, settings.recon_2d_weight)
    # One pass for the sample and the mode.
    both = ops.concatenate([latents, mean], axis=1)
    base, log_det = model.flow.forward(both, context)
    if settings.nll_weight > 0.0:
        nll = losses.negative_log_likelihood(
            base[:, :1], log_det[:, :1], base_mean, log_scale
        )
        total.add("nll", ops.mean(nll), settings.nll_weight)
    if settings.m2m_weight > 0.0:
        m2m = ops.mean(losses.mode_to_mode(base[:, 1:], base_mean))
        total.add("m2m", m2m, settings.m2m_weight)
    if settings.mode_weight > 0.0:
        mode = model.pilgd_learner.decode(
            model.flow.inverse(base_mean, context), context
        )
        mode = ops.mean(losses.reconstruction_3d(batch.pose, mode))
        total.add("mode", mode, settings.mode_weight)


def gate_draw(seeds: Tensor) -> Tensor:
    """`beta` of Eq. 14 for the step with these seeds: uniform on (0, 1), `()`."""
    return random.uniform(seeds[_GATE][None], 1, 1)[0, 0, 0]


def _add_bidirectional(total, model, settings, batch, seeds, context):
    """Adds `L_Bi`, Eqs. 12-14, of a step whose gate is open.

    The L hypotheses are drawn and decoded without gradient; the k best and the random
    one are decoded again with it. In phase 1 the gradient stops at their latents, so
    that only k learns; end-to-end they are also drawn again, through the flow.
    """
    chosen = _chosen_hypotheses(model, settings, batch, seeds, context)
    top, rest = chosen[:, : settings.num_best], chosen[:, settings.num_best :]
    best = losses.best_of_m(batch.pose, top)
    rand = losses.random_hypothesis(batch.pose, rest)
    weight = settings.bidirectional_weight
    total.total += weight * ops.mean(losses.bidirectional(best, rand))
    total.logs |= {"best_of_m": ops.mean(best), "random": ops.mean(rand)}


def _chosen_hypotheses(model, settings, batch, seeds, context):
    size = model.pilgd_learner.latent_size
    batch_size = ops.shape(batch.pose)[0]
    # One more than L: the last is the random hypothesis of Eq. 13.
    count = settings.training_hypotheses + 1
    noise = _noise(seeds, _HYPOTHESES, batch_size * count, size)
    noise = ops.reshape(noise, (-1, count, size))
    base_mean, log_scale = model.base_parameters(context)
    base = base_mean + ops.exp(log_scale) * noise
    latents = ops.stop_gradient(model.flow.inverse(ops.stop_gradient(base), context))
    hypotheses = model.pilgd_learner.decode(latents[:, :-1], context)
    best = losses.select_best(
        batch.pose, ops.stop_gradient(hypotheses), settings.num_best
    )
    last = ops.full((batch_size, 1), count - 1, dtype=best.dtype)
    index = ops.concatenate([best, last], axis=1)[..., None]
    if settings.scheme == "end_to_end":
        base = ops.take_along_axis(base, index, axis=1)
        latents = model.flow.inverse(base, context)
    else:
        latents = ops.take_along_axis(latents, index, axis=1)
    dropout_seed = random.fold_in(seeds[_DROPOUT], _HYPOTHESES)
    return model.pilgd_learner.decode(latents, context, dropout_seed)
