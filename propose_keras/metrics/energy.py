"""Energy score of hypotheses: how near the truth, and no wider than needed.

The energy score of Gneiting and Raftery, "Strictly proper scoring rules, prediction,
and estimation" (JASA 2007), Section 4.3 with beta = 1, as a loss. With hypotheses `X`
and `X'`, drawn independently, and the truth `x*`

    ES = E d(X, x*) - E d(X, X') / 2

It generalises the continuous ranked probability score to vectors and is strictly
proper: in expectation the true distribution has the lowest score, and no other has it.
A distribution that knows nothing can be calibrated, and hypotheses that lie far apart
lower the error of the best; both have a high energy score.

`d` is the root mean square distance over joints, the Euclidean distance of whole poses
divided by the square root of the joint count, so that the score is in mm and that of a
single pose, hypotheses that all agree, is its root mean square joint error.
"""

import math

from keras import ops

from propose_keras.types import Tensor


def energy_score(hypotheses: Tensor, target: Tensor) -> Tensor:
    """Energy score of each pose, unbiased for any number of hypotheses.

    The mean distance between hypotheses is taken over the `S (S - 1) / 2` pairs of
    different ones. It is summed one cyclic shift of the hypotheses at a time, so that
    memory grows with `S`, not with its square.

    Args:
        hypotheses: `(batch, S, J, 3)` mm, S at least 2.
        target: `(batch, J, 3)` mm.

    Returns:
        `(batch,)` mm, at least 0; lower is better.

    Raises:
        ValueError: If there are fewer than two hypotheses.
    """
    batch_size, num_hypotheses, num_joints, size = hypotheses.shape
    if num_hypotheses < 2:
        raise ValueError(
            f"The energy score needs at least 2 hypotheses, received {num_hypotheses}."
        )
    shape = (batch_size, num_hypotheses, num_joints * size)
    hypotheses = ops.reshape(hypotheses, shape)
    target = ops.reshape(target, (batch_size, 1, num_joints * size))

    def sum_of_distances(others):
        squares = ops.sum(ops.square(hypotheses - others), axis=-1)
        return ops.sum(ops.sqrt(squares), axis=-1)

    twice = ops.concatenate([hypotheses, hypotheses], axis=1)

    def add_shift(shift, total):
        return total + sum_of_distances(ops.slice(twice, (0, shift, 0), shape))

    # Shifts below S / 2 meet each pair once; that of S / 2 itself meets it twice.
    total = ops.fori_loop(
        1, (num_hypotheses + 1) // 2, add_shift, ops.zeros_like(hypotheses[:, 0, 0])
    )
    if num_hypotheses % 2 == 0:
        half = ops.roll(hypotheses, num_hypotheses // 2, axis=1)
        total = total + 0.5 * sum_of_distances(half)
    between = total / (num_hypotheses * (num_hypotheses - 1) / 2)
    to_target = sum_of_distances(target) / num_hypotheses
    return (to_target - 0.5 * between) / math.sqrt(num_joints)
