"""The losses of a step, in `keras.ops`: what each phase of Algorithm 1 minimises.

Each objective is a function of `(model, settings, batch, seed, carry)` that returns
`(loss, logs, carry)`: a scalar, a dict from names to `(mean, weight)` for the progress
bar, and what the step's next objective may use.
"""

from typing import Any, NamedTuple

from keras import ops

from propose_keras import losses, random


class Batch(NamedTuple):
    """A normalised batch: `pose` (batch, 1, J, 3) and `condition` (batch, J, 2)."""

    pose: Any
    condition: Any


# All losses, in the order of the progress bar.
LOSS_NAMES = (
    "phase_1",
    "phase_2",
    "end_to_end",
    "recon_3d",
    "kl",
    "best_of_m",
    "random",
    "generator",
    "pulling_away",
    "discriminator",
    "recon_2d",
    "nll",
    "m2m",
)

# Each use of noise in a step has a stream of its own.
_LATENT, _HYPOTHESES, _GATE, _DROPOUT = range(4)


def phase_1(model, settings, batch, seed, carry=None, bidirectional=False):
    """`L_phase1` and the PILGD learner's share of `L_disc`; moves g and k."""
    reconstruction, _, loss, logs = _pilgd_losses(model, settings, batch, seed)
    if bidirectional:
        more_loss, more = _bidirectional(model, settings, batch, seed)
        loss, logs = loss + more_loss, {**logs, **more}
    return loss, {"phase_1": (loss, 1.0), **logs}, reconstruction


def phase_2(model, settings, batch, seed, carry=None):
    """`L_phase2`; moves q, v, h and f. The PILGD learner is given."""
    mean, scale = model.pilgd_learner.encode(batch.pose, batch.condition)
    mean, scale = ops.stop_gradient(mean), ops.stop_gradient(scale)
    latents = mean + scale * _latent_noise(model, batch, seed)
    loss, logs = _flow_losses(model, settings, batch, seed, latents, mean)
    return loss, {"phase_2": (loss, 1.0), **logs}, None


def end_to_end(model, settings, batch, seed, carry=None, bidirectional=False):
    """All losses at once, through all networks but the discriminator (Table 6)."""
    reconstruction, (latents, mean), loss, logs = _pilgd_losses(
        model, settings, batch, seed
    )
    if bidirectional:
        more_loss, more = _bidirectional(model, settings, batch, seed)
        loss, logs = loss + more_loss, {**logs, **more}
    more_loss, more = _flow_losses(model, settings, batch, seed, latents, mean)
    loss, logs = loss + more_loss, {**logs, **more}
    return loss, {"end_to_end": (loss, 1.0), **logs}, reconstruction


def discriminator(model, settings, batch, seed, carry):
    """`L_D` of Eq. 11 on the reconstructions that the PILGD learner just made."""
    reconstruction = ops.stop_gradient(carry)
    real, _ = model.discriminator(batch.pose, batch.condition)
    fake, _ = model.discriminator(reconstruction, batch.condition)
    loss = ops.mean(losses.discriminator_loss(real, fake, settings.margin))
    return loss, {"discriminator": (loss, 1.0)}, None


def log_names(model, settings):
    """Those of `LOSS_NAMES` that this model computes under these settings."""
    alternate = settings.scheme == "alternate"
    computed = {
        "phase_1": alternate,
        "phase_2": alternate,
        "end_to_end": not alternate,
        "kl": model.pilgd_learner.kind == "standard",
        "best_of_m": settings.use_bidirectional,
        "random": settings.use_bidirectional,
        "generator": settings.use_discriminator,
        "pulling_away": settings.use_discriminator,
        "discriminator": settings.use_discriminator,
        "recon_2d": model.pagd_learner is not None,
        "nll": settings.use_nll,
        "m2m": settings.use_m2m,
    }
    return [name for name in LOSS_NAMES if computed.get(name, True)]


def _latent_noise(model, batch, seed):
    size = model.pilgd_learner.latent_size
    return _noise(seed, _LATENT, ops.shape(batch.pose)[0], size)[:, None]


def _noise(seed, stream, num_draws, size):
    return random.normal(random.fold_in(seed, stream)[None], num_draws, size)[0]


def _pilgd_losses(model, settings, batch, seed):
    pilgd = model.pilgd_learner
    dropout_seed = random.fold_in(seed, _DROPOUT)
    mean, scale = pilgd.encode(batch.pose, batch.condition, dropout_seed)
    latents = mean + scale * _latent_noise(model, batch, seed)
    reconstruction = pilgd.decode(latents, batch.condition, dropout_seed)
    loss = ops.mean(losses.reconstruction_3d(batch.pose, reconstruction))
    logs = {"recon_3d": (loss, 1.0)}
    if pilgd.kind == "standard":
        kl = ops.mean(losses.kl_to_standard_normal(mean, scale))
        loss, logs["kl"] = loss + settings.kl_weight * kl, (kl, 1.0)
    if settings.use_discriminator:
        energy, features = model.discriminator(reconstruction, batch.condition)
        generator = ops.mean(losses.generator_loss(energy))
        pulling_away = losses.pulling_away(features[:, 0])
        loss = loss + settings.generator_weight * generator
        loss = loss + settings.pulling_away_weight * pulling_away
        logs["generator"] = (generator, 1.0)
        logs["pulling_away"] = (pulling_away, 1.0)
    return reconstruction, (latents, mean), loss, logs


def _flow_losses(model, settings, batch, seed, latents, mean):
    loss, logs = 0.0, {}
    base_mean, log_scale = ops.zeros_like(mean), ops.zeros_like(mean)
    if model.pagd_learner is not None:
        pagd = model.pagd_learner
        dropout_seed = random.fold_in(seed, _DROPOUT)
        features = pagd.encode(batch.condition, dropout_seed)
        base_mean, log_scale = pagd.project(features)
        reconstruction = pagd.decode(features, dropout_seed)
        recon_2d = ops.mean(losses.reconstruction_2d(batch.condition, reconstruction))
        loss, logs["recon_2d"] = loss + recon_2d, (recon_2d, 1.0)
    # One pass for the sample and the mode.
    both = ops.concatenate([latents, mean], axis=1)
    base, log_det = model.flow.forward(both, batch.condition)
    if settings.use_nll:
        nll = ops.mean(
            losses.negative_log_likelihood(
                base[:, :1], log_det[:, :1], base_mean, log_scale
            )
        )
        loss, logs["nll"] = loss + nll, (nll, 1.0)
    if settings.use_m2m:
        m2m = ops.mean(losses.mode_to_mode(base[:, 1:], base_mean))
        loss, logs["m2m"] = loss + m2m, (m2m, 1.0)
    return loss, logs


def gate_draw(seed):
    """`beta` of Eq. 14 for the step with this seed: uniform on (0, 1), `()`."""
    return random.uniform(random.fold_in(seed, _GATE)[None], 1, 1)[0, 0, 0]


def _bidirectional(model, settings, batch, seed):
    """`L_Bi`, Eqs. 12-14, of a step whose gate is open.

    The L hypotheses are drawn and decoded without gradient; the k best and the random
    one are decoded again with it. In phase 1 the gradient stops at their latents, so
    that only k learns; end-to-end they are also drawn again, through the flow.
    """
    chosen = _chosen_hypotheses(model, settings, batch, seed)
    top, rest = chosen[:, : settings.num_best], chosen[:, settings.num_best :]
    best = losses.best_of_m(batch.pose, top)
    rand = losses.random_hypothesis(batch.pose, rest)
    logs = {"best_of_m": (ops.mean(best), 1.0), "random": (ops.mean(rand), 1.0)}
    return ops.mean(losses.bidirectional(best, rand)), logs


def _chosen_hypotheses(model, settings, batch, seed):
    size = model.pilgd_learner.latent_size
    batch_size = ops.shape(batch.pose)[0]
    # One more than L: the last is the random hypothesis of Eq. 13.
    count = settings.num_hypotheses + 1
    noise = _noise(seed, _HYPOTHESES, batch_size * count, size)
    noise = ops.reshape(noise, (-1, count, size))
    base_mean, log_scale = model.base_parameters(batch.condition)
    base = base_mean + ops.exp(log_scale) * noise
    latents = ops.stop_gradient(
        model.flow.inverse(ops.stop_gradient(base), batch.condition)
    )
    hypotheses = model.pilgd_learner.decode(latents[:, :-1], batch.condition)
    best = losses.select_best(
        batch.pose, ops.stop_gradient(hypotheses), settings.num_best
    )
    last = ops.full((batch_size, 1), count - 1, dtype=best.dtype)
    index = ops.concatenate([best, last], axis=1)[..., None]
    if settings.scheme == "end_to_end":
        base = ops.take_along_axis(base, index, axis=1)
        latents = model.flow.inverse(base, batch.condition)
    else:
        latents = ops.take_along_axis(latents, index, axis=1)
    dropout_seed = random.fold_in(random.fold_in(seed, _DROPOUT), _HYPOTHESES)
    return model.pilgd_learner.decode(latents, batch.condition, dropout_seed)
