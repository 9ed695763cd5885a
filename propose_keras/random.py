"""Counter-based random numbers that are the same on every backend and device.

Every number is Threefry-2x32 (20 rounds; Salmon et al., "Parallel random numbers: as
easy as 1, 2, 3", SC 2011) of a key, the seed, and a counter that says which number is
meant. There is no state: noise does not depend on batch size, chunking, sharding or on
what was drawn before, it may be drawn inside conditionals, and TensorFlow and JAX give
the same hypotheses for the same seed (their own generators differ).

A seed is an integer tensor whose last axis has size 2.
"""

import math
from typing import Any

import numpy as np
from keras import ops

from propose_keras.types import Tensor

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def row_seeds(seed: int | Tensor, batch_size: int) -> Tensor:
    """Seeds of a batch's rows from one integer: `(seed, row index)`.

    Args:
        seed: Int, or an integer tensor `(batch, 2)` that is returned as it is.
        batch_size: Number of rows.

    Returns:
        Int32 tensor `(batch, 2)`.
    """
    if not isinstance(seed, int | np.integer):
        return ops.convert_to_tensor(seed)
    rows = ops.arange(batch_size, dtype="int32")
    return ops.stack([ops.full_like(rows, int(seed)), rows], axis=-1)


def fold_in(seed: int | Tensor, data: Any) -> Tensor:
    """Derives a seed from a seed and an integer.

    Args:
        seed: `(..., 2)` integers.
        data: Integers that broadcast against `seed`'s leading axes.

    Returns:
        `(..., 2)` uint32.
    """
    key_0, key_1 = _keys(seed)
    counter = ops.cast(ops.broadcast_to(data, ops.shape(key_0)), "uint32")
    # The second counter word keeps folded keys apart from the numbers drawn below.
    mark = ops.full_like(counter, 0x464F4C44)
    return ops.stack(_threefry(key_0, key_1, counter, mark), axis=-1)


def normal(
    seed: int | Tensor, num_draws: int, size: int, first_draw: int | Tensor = 0
) -> Tensor:
    """Standard normal noise of (row seed, draw index, coordinate).

    Args:
        seed: Row seeds, `(batch, 2)` integers.
        num_draws: Number of draws (hypotheses) per row.
        size: Numbers per draw.
        first_draw: Index of the first draw, an int or an integer scalar: draws
            `[first_draw, first_draw + num_draws)` of a row are the same numbers
            whichever way they are cut into calls.

    Returns:
        `(batch, num_draws, size)` float32. Box-Muller on 23-bit uniforms, so no number
        is larger than 5.8 in magnitude.
    """
    half = (size + 1) // 2
    uniform_0, uniform_1 = _uniform_pairs(seed, num_draws, half, first_draw)
    radius = ops.sqrt(-2.0 * ops.log(uniform_0))
    angle = (2.0 * math.pi) * uniform_1
    pairs = [radius * ops.cos(angle), radius * ops.sin(angle)]
    return ops.concatenate(pairs, axis=-1)[..., :size]


def uniform(
    seed: int | Tensor, num_draws: int, size: int, first_draw: int | Tensor = 0
) -> Tensor:
    """Uniform noise in the open interval (0, 1); arguments and shape as `normal`."""
    pairs = _uniform_pairs(seed, num_draws, (size + 1) // 2, first_draw)
    return ops.concatenate(pairs, axis=-1)[..., :size]


def _uniform_pairs(seed, num_draws, num_pairs, first_draw):
    key_0, key_1 = (k[:, None, None] for k in _keys(seed))
    draw = ops.cast(first_draw, "int32") + ops.arange(num_draws, dtype="int32")
    pair = ops.arange(num_pairs, dtype="int32")
    shape = (ops.shape(key_0)[0], num_draws, num_pairs)
    counter_0 = ops.broadcast_to(ops.cast(draw[:, None], "uint32"), shape)
    counter_1 = ops.broadcast_to(ops.cast(pair, "uint32"), shape)
    return tuple(_to_uniform(b) for b in _threefry(key_0, key_1, counter_0, counter_1))


def _to_uniform(bits):
    # 23 bits and a half: exact in float32, and neither 0 nor 1.
    mantissa = ops.cast(ops.bitwise_right_shift(bits, _word(9)), "int32")
    return (ops.cast(mantissa, "float32") + 0.5) * 2.0**-23


def _keys(seed):
    seed = ops.cast(seed, "uint32")
    return seed[..., 0], seed[..., 1]


def _word(value):
    return ops.convert_to_tensor(np.uint32(value))


def _rotate_left(x, distance):
    return ops.bitwise_or(
        ops.bitwise_left_shift(x, _word(distance)),
        ops.bitwise_right_shift(x, _word(32 - distance)),
    )


def _threefry(key_0, key_1, counter_0, counter_1):
    parity = ops.bitwise_xor(ops.bitwise_xor(key_0, key_1), _word(_PARITY))
    keys = (key_0, key_1, parity)
    x_0, x_1 = counter_0 + key_0, counter_1 + key_1
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            x_0 = x_0 + x_1
            x_1 = ops.bitwise_xor(_rotate_left(x_1, distance), x_0)
        x_0 = x_0 + keys[(group + 1) % 3]
        x_1 = x_1 + keys[(group + 2) % 3] + _word(group + 1)
    return x_0, x_1
