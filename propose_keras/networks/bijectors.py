"""The TFP bijector of an affine coupling, and what is cached of bijectors."""

from collections.abc import Callable
from typing import Any

from keras import ops

from propose_keras.backend import GreedyBijectorCache, tfp


class AffineCouplingBijector(tfp.bijectors.Bijector):
    """Affine coupling (Dinh et al. 2017) whose subnet also sees a condition.

    `forward` keeps the first `num_kept` coordinates and maps the others `x` to
    `x exp(log_scale) + shift`, with shift and log-scale a function of the kept ones and
    the condition. Value and log-determinant come from one evaluation of that function:
    the cache keeps both.

    The condition is a required argument of every method: TFP's `Chain` drops keyword
    groups that it cannot assign without a word, and an optional condition would then be
    missing in silence.

    Args:
        shift_and_log_scale: Callable of kept coordinates `(batch, hypotheses,
            num_kept)` and condition `(batch, 1, condition size)`.
        num_kept: Number of coordinates that pass unchanged.
        name: Name under which a chain passes this bijector its condition.
    """

    _cache = GreedyBijectorCache("_augmented_forward", "_augmented_inverse")

    def __init__(self, shift_and_log_scale: Callable, num_kept: int, name: str) -> None:
        parameters = dict(locals())
        self._shift_and_log_scale = shift_and_log_scale
        self._num_kept = num_kept
        super().__init__(forward_min_event_ndims=1, parameters=parameters, name=name)

    def _augmented_forward(self, x, condition):
        kept, changed = self._parts(x)
        shift, log_scale = self._shift_and_log_scale(kept, condition)
        y = ops.concatenate([kept, changed * ops.exp(log_scale) + shift], axis=-1)
        return y, _log_determinants(ops.sum(log_scale, axis=-1))

    def _augmented_inverse(self, y, condition):
        kept, changed = self._parts(y)
        shift, log_scale = self._shift_and_log_scale(kept, condition)
        x = ops.concatenate([kept, (changed - shift) * ops.exp(-log_scale)], axis=-1)
        return x, _log_determinants(ops.sum(log_scale, axis=-1))

    def _forward(self, x, condition):
        return self._augmented_forward(x, condition)[0]

    def _inverse(self, y, condition):
        return self._augmented_inverse(y, condition)[0]

    def _forward_log_det_jacobian(self, x, condition):
        return self._augmented_forward(x, condition)[1]["fldj"]

    def _inverse_log_det_jacobian(self, y, condition):
        return self._augmented_inverse(y, condition)[1]["ildj"]

    def _parts(self, x):
        return x[..., : self._num_kept], x[..., self._num_kept :]


def with_own_cache(bijector: Any) -> Any:
    """Gives a bijector a cache that goes when it goes.

    TFP's is one for each class of bijectors, whose entries keep log-determinants; in a
    graph those keep the graph, and the graph the entry's key, so that no program that
    was ever traced is freed.

    Args:
        bijector: A `tfp.bijectors.Bijector`.

    Returns:
        The same.
    """
    shared = bijector._cache
    bijector._cache = type(shared)(
        shared._forward_name, shared._inverse_name, bijector, type(bijector)
    )
    return bijector


def _log_determinants(forward):
    return {"fldj": forward, "ildj": -forward}
