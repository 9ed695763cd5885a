"""Moves joints from one order to another."""

from collections.abc import Collection
from typing import Any

import numpy as np

from propose_keras.skeletons.conversion_table import CONVERSIONS
from propose_keras.skeletons.tables import SKELETONS, get_skeleton
from propose_keras.types import Tensor, TensorLike

# The same as arrays `(J_target, 2, 2)`: one, two or four joints as two pairs, whose
# mean is the same.
_GROUPS = {
    names: np.reshape([(group * 4)[:4] for group in groups], (-1, 2, 2))
    for names, groups in CONVERSIONS.items()
}


def convert(
    joints: TensorLike, source: str, target: str = "h36m17", xp: Any = np
) -> Tensor:
    """Moves joints from one order to another.

    Args:
        joints: Coordinates, `(..., J_source, D)`.
        source: Name of the order that `joints` is in.
        target: Name of the order wanted.
        xp: Namespace of the arrays: `numpy`, or `keras.ops` for tensors.

    Returns:
        Coordinates in the target's order, `(..., J_target, D)`, same dtype.

    Raises:
        ValueError: If the joint count is not the source's or there is no map.
    """
    groups = _groups(joints, source, target)
    if groups is None:
        return joints
    return xp.mean(xp.mean(xp.take(joints, groups, axis=-2), axis=-2), axis=-2)


def convert_detections(
    joints: TensorLike,
    scores: TensorLike,
    source: str,
    target: str = "h36m17",
    xp: Any = np,
) -> tuple[Tensor, Tensor]:
    """Moves detections with their scores from one order to another.

    A joint computed from several is as sure as the least sure of them, and missing
    (score 0) if one of them is.

    Args:
        joints: Coordinates, `(..., J_source, D)`; those of missing joints are ignored.
        scores: `(..., J_source)`, 0 for missing joints.
        source: Name of the order that `joints` is in.
        target: Name of the order wanted.
        xp: As in `convert`.

    Returns:
        Coordinates `(..., J_target, D)`, NaN where missing, and scores
        `(..., J_target)`.

    Raises:
        ValueError: As `convert`, or if the shapes do not fit each other.
    """
    if tuple(scores.shape) != tuple(joints.shape[:-1]):
        raise ValueError(
            f"Expected one score per joint, shape {joints.shape[:-1]}, received "
            f"{scores.shape}."
        )
    joints = xp.where((scores > 0)[..., None], joints, np.nan)
    groups = _groups(joints, source, target)
    if groups is None:
        return joints, scores
    lowest = xp.min(xp.take(scores, groups, axis=-1), axis=(-2, -1))
    return convert(joints, source, target, xp), lowest


def count_joints(known: Collection[int], source: str, target: str = "h36m17") -> int:
    """How many joints of the target can be computed from some of the source's.

    Args:
        known: Indices of the source's joints that are there.
        source: Name of the order that they are of.
        target: Name of the order wanted.

    Raises:
        ValueError: If there is no map.
    """
    if source == target:
        return len(set(known))
    return sum(set(group) <= set(known) for group in _table(source, target))


def layouts_alike(name: str) -> tuple[str, ...]:
    """Names of the orders of as many joints that can be moved to `H36M_17`.

    Args:
        name: An order; it comes first, the others as in `SKELETONS`.
    """
    count = get_skeleton(name).num_joints
    sources = {source for source, _ in CONVERSIONS} | {"h36m17"}
    others = (n for n, s in SKELETONS.items() if s.num_joints == count)
    return (name, *(other for other in others if other != name and other in sources))


def _groups(joints: TensorLike, source: str, target: str):
    """Source joints of each target joint, `(J_target, 2, 2)`, or None if the same."""
    num_source = get_skeleton(source).num_joints
    if joints.shape[-2] != num_source:
        raise ValueError(
            f"Expected {num_source} joints in the order {source!r} on axis -2, "
            f"received shape {joints.shape}."
        )
    if source == target:
        return None
    _table(source, target)
    return _GROUPS[source, target]


def _table(source: str, target: str):
    if (source, target) not in CONVERSIONS:
        known = ", ".join(f"{a} -> {b}" for a, b in sorted(CONVERSIONS))
        raise ValueError(f"No map from {source!r} to {target!r}. There are: {known}.")
    return CONVERSIONS[source, target]
