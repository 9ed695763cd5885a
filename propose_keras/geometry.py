"""Root centring, rotations and similarity alignment, batched and compiled."""

import math
from typing import Any

from keras import ops

from propose_keras.types import Tensor

# The 4x4 matrix: 2^16 applications separate eigenvalues that differ by 1e-4 of the
# largest. Closer ones mean points near a line, which `_turn_about_axis` takes care of.
_NUM_ROTATION_SQUARINGS = 16
# The axis is needed only where one singular value stands out.
_NUM_AXIS_SQUARINGS = 8


def root_centre(pose: Tensor, root: int = 0) -> Tensor:
    """Moves poses so that their root joint is the origin.

    Args:
        pose: Positions, `(..., J, D)`, any unit.
        root: Index of the root joint.

    Returns:
        Positions relative to the root, `(..., J, D)`; the root's are exactly 0.
    """
    return pose - pose[..., root : root + 1, :]


def rotate(points: Tensor, rotation: Tensor) -> Tensor:
    """Rotates `(batch, ..., J, 3)` points by `(batch, 3, 3)` matrices."""
    rotation = ops.swapaxes(rotation, -1, -2)
    for _ in range(len(points.shape) - 3):
        rotation = rotation[:, None]
    return ops.matmul(points, rotation)


def turn_to_front(rays: Tensor) -> Tensor:
    """Rotations that take unit vectors `(batch, 3)` to the z axis by the shortest way.

    Rodrigues' formula; z must not be -1.

    Returns:
        `(batch, 3, 3)`, for `rotate`.
    """
    x, y, z = rays[..., 0], rays[..., 1], rays[..., 2]
    share = 1.0 / (1.0 + z)
    rows = [
        [1.0 - x * x * share, -x * y * share, -x],
        [-x * y * share, 1.0 - y * y * share, -y],
        [x, y, z],
    ]
    return ops.stack([ops.stack(row, axis=-1) for row in rows], axis=-2)


def similarity_align(source: Any, target: Tensor) -> Tensor:
    """Moves, turns and scales poses to lie nearest to others.

    Solves `min ||scale R source + translation - target||` over all joints, `R` being a
    proper rotation (never a mirror image) and `scale >= 0`: the alignment of PA-MPJPE.
    The rotation is the eigenvector of the largest eigenvalue of Horn's
    symmetric 4x4 matrix ("Closed-form solution of absolute orientation using unit
    quaternions", 1987), found by repeated squaring, with a closed-form turn about the
    points' main axis that keeps float32 exact for points near a line. There is no SVD
    and no determinant: both are slow, or missing, under XLA.

    Where the best rotation is not unique (points on one line, or all equal) one of the
    best is taken; a source whose points are all equal goes to the target's centroid.

    Args:
        source: Poses to align, `(..., J, 3)`, any unit.
        target: Poses to align to, `(..., J, 3)`; the leading axes of both broadcast, so
            for hypotheses `(batch, S, J, 3)` pass `target[:, None]`.

    Returns:
        Aligned poses, `(..., J, 3)`, in the target's unit and place.
    """
    target_mean = ops.mean(target, axis=-2, keepdims=True)
    source, _ = _normalize(source - ops.mean(source, axis=-2, keepdims=True))
    target, target_norm = _normalize(target - target_mean)
    covariance, _ = _normalize(
        ops.sum(source[..., :, None] * target[..., None, :], axis=-3)
    )
    # Matrices as nested lists of tensors: plain elementwise arithmetic for XLA.
    covariance = [[covariance[..., i, j] for j in range(3)] for i in range(3)]
    rotation = _rotation_matrix(_optimal_quaternion(covariance))
    axis = ops.stack(_main_axis(rotation, covariance), axis=-1)[..., None, :]
    rotation = ops.stack([ops.stack(row, axis=-1) for row in rotation], axis=-2)
    rotated = ops.sum(rotation[..., None, :, :] * source[..., None, :], axis=-1)
    rotated = _turn_about_axis(axis, rotated, target)
    scale = ops.sum(rotated * target, axis=(-2, -1), keepdims=True) * target_norm
    return scale * rotated + target_mean


def _normalize(x):
    """Scales matrices `(..., M, N)` to a Frobenius norm of 1; zeros stay zeros.

    Returns:
        The scaled matrices and their norm, `(..., 1, 1)`.
    """
    norm = ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True))
    return x / _positive(norm), norm


def _positive(x):
    """`x`, or 1 where it is 0: a divisor."""
    return ops.where(x > 0, x, 1.0)


def _optimal_quaternion(covariance):
    """Unit quaternion `(w, x, y, z)` of the rotation that best maps source to target.

    Args:
        covariance: 3x3 nested list of `(...)` tensors, Frobenius norm 1 or 0: sums over
            joints of source coordinate (row) times target coordinate (column).
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = covariance
    # Horn's matrix has no eigenvalue below -sqrt(3) times the covariance's norm: with
    # this shift the largest is also the largest in magnitude.
    shift = math.sqrt(3.0)
    matrix = [
        [shift + xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, shift + xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, shift - xx + yy - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, shift - xx - yy + zz],
    ]
    return _largest_eigenvector(matrix, _NUM_ROTATION_SQUARINGS)


def _rotation_matrix(quaternion):
    w, x, y, z = quaternion
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


def _main_axis(rotation, covariance):
    """Direction, in the target's frame, of the covariance's largest singular value."""
    columns = list(zip(*covariance))
    product = [
        [sum(r * c for r, c in zip(row, column)) for column in columns]
        for row in rotation
    ]
    symmetric = [
        [0.5 * (product[i][j] + product[j][i]) + float(i == j) for j in range(3)]
        for i in range(3)
    ]
    return _largest_eigenvector(symmetric, _NUM_AXIS_SQUARINGS)


def _largest_eigenvector(matrix, num_squarings):
    """Unit eigenvector of the largest eigenvalue of a positive semidefinite matrix.

    Args:
        matrix: Symmetric nested list of `(...)` tensors, trace above 0.
        num_squarings: The matrix's `2^num_squarings`-th power is taken.

    Returns:
        List of `(...)` tensors.
    """
    size = len(matrix)
    upper = [(i, j) for i in range(size) for j in range(i, size)]

    def unpack(entries):
        entries = dict(zip(upper, entries))
        return [
            [entries[min(i, j), max(i, j)] for j in range(size)] for i in range(size)
        ]

    def square(_, entries):
        matrix = unpack(entries)
        inverse = 1.0 / sum(matrix[i][i] for i in range(size))
        matrix = [[m * inverse for m in row] for row in matrix]
        return tuple(
            sum(matrix[i][k] * matrix[k][j] for k in range(size)) for i, j in upper
        )

    # Unrolled, this takes XLA ten times as long, to compile and to run on a CPU.
    entries = tuple(matrix[i][j] for i, j in upper)
    matrix = unpack(ops.fori_loop(0, num_squarings, square, entries))
    # The power is nearly a multiple of v v^T: its longest column is v.
    diagonal, column = matrix[0][0], matrix[0]
    for i in range(1, size):
        longer = matrix[i][i] > diagonal
        diagonal = ops.where(longer, matrix[i][i], diagonal)
        column = [ops.where(longer, new, old) for new, old in zip(matrix[i], column)]
    inverse = 1.0 / ops.sqrt(sum(c * c for c in column))
    return [c * inverse for c in column]


def _turn_about_axis(axis, points, target):
    """Turns points about an axis through the origin, as near to the target as it goes.

    Only what is perpendicular to the axis enters, so that long components along it do
    not drown the short ones across it.

    Args:
        axis: Unit vectors, `(..., 1, 3)`.
        points: `(..., J, 3)`.
        target: `(..., J, 3)`.
    """
    along = ops.sum(axis * points, axis=-1, keepdims=True) * axis
    across = points - along
    target_across = target - ops.sum(axis * target, axis=-1, keepdims=True) * axis
    turned = _cross(axis, across)
    cosine = ops.sum(across * target_across, axis=(-2, -1), keepdims=True)
    sine = ops.sum(turned * target_across, axis=(-2, -1), keepdims=True)
    length = ops.sqrt(cosine * cosine + sine * sine)
    # Nothing across the axis: nothing to turn.
    cosine = ops.where(length > 0, cosine, 1.0) / _positive(length)
    return along + cosine * across + sine / _positive(length) * turned


def _cross(a, b):
    a, b = ([x[..., i] for i in range(3)] for x in (a, b))
    return ops.stack(
        [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ],
        axis=-1,
    )
