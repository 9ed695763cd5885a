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
        `(batch,)` mm; lower is better, and its expectation at least 0.

    Raises:
        ValueError: If there are fewer than two hypotheses.
    """
    num_joints = hypotheses.shape[2]

    def distances(difference):
        squares = ops.sum(ops.square(difference), axis=(-2, -1))
        return ops.sqrt(squares) / math.sqrt(num_joints)

    return _energy_score(hypotheses, target, distances)


def joint_energy_scores(hypotheses: Tensor, target: Tensor) -> Tensor:
    """Energy score of each joint by itself, unbiased; d is the joint's distance.

    It does not see how joints move together. A hypothesis that all agree on has its
    joints' distances from the truth, so that the mean over joints is then MPJPE.

    Args:
        hypotheses: `(batch, S, J, 3)` mm, S at least 2.
        target: `(batch, J, 3)` mm.

    Returns:
        `(batch, J)` mm; lower is better.

    Raises:
        ValueError: If there are fewer than two hypotheses.
    """
    return _energy_score(
        hypotheses,
        target,
        lambda difference: ops.sqrt(ops.sum(ops.square(difference), axis=-1)),
    )


def _energy_score(hypotheses, target, distances):
    """Mean of distances to the target minus half of that between hypotheses.

    `distances` turns differences `(batch, S, J, 3)` into `(batch, S, ...)`.
    """
    shape = tuple(hypotheses.shape)
    num_hypotheses = shape[1]
    if num_hypotheses < 2:
        raise ValueError(
            f"The energy score needs at least 2 hypotheses, received {num_hypotheses}."
        )
    hypotheses = ops.convert_to_tensor(hypotheses)

    def sum_of_distances(others):
        return ops.sum(distances(hypotheses - others), axis=1)

    twice = ops.concatenate([hypotheses, hypotheses], axis=1)

    def add_shift(shift, total):
        return total + sum_of_distances(ops.slice(twice, (0, shift, 0, 0), shape))

    to_target = sum_of_distances(ops.convert_to_tensor(target)[:, None])
    # Shifts below S / 2 meet each pair once; that of S / 2 itself meets it twice.
    total = ops.fori_loop(
        1, (num_hypotheses + 1) // 2, add_shift, ops.zeros_like(to_target)
    )
    if num_hypotheses % 2 == 0:
        half = ops.roll(hypotheses, num_hypotheses // 2, axis=1)
        total = total + 0.5 * sum_of_distances(half)
    between = total / (num_hypotheses * (num_hypotheses - 1) / 2)
    return to_target / num_hypotheses - 0.5 * between
