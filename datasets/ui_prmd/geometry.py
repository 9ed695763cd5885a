"""Frames of body segments, and points that are fixed in them."""

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors `(..., 3)` at length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def across(vectors: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """The part of vectors `(..., 3)` at right angles to unit `axes`."""
    return vectors - (vectors * axes).sum(axis=-1, keepdims=True) * axes


def segment_frame(origin: np.ndarray, end: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The frame of a segment, from three points that move with it.

    Args:
        origin: `(frames, 3)`.
        end: Another point on the segment's long axis.
        side: A point beside the axis.

    Returns:
        Rotations to the world, `(frames, 3, 3)`. Column 0 points from `side` towards
        the axis, column 1 from `origin` to `end`, column 2 is their cross product.
    """
    y = unit(end - origin)
    x = -unit(across(side - origin, y))
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def to_local(points: np.ndarray, origin: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """World points `(frames, 3)` as seen by a moving frame."""
    return np.einsum("fji,fj->fi", frame, points - origin)


def to_world(local: np.ndarray, origin: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Points of a moving frame, `(3,)` or `(frames, 3)`, in the world."""
    return origin + np.einsum(
        "fij,...j->fi" if local.ndim == 1 else "fij,fj->fi", frame, local
    )


def chord_point(
    marker: np.ndarray, far: np.ndarray, direction: np.ndarray, offset: float
) -> np.ndarray:
    """A joint beside a marker: the chord construction of Plug-in Gait.

    The joint lies `offset` away from the marker, in the plane of marker, the far joint
    of the segment and `direction`, and sees marker and far joint at a right angle.

    Args:
        marker: On the skin beside the joint, `(frames, 3)` mm.
        far: The joint at the segment's other end, `(frames, 3)` mm.
        direction: From the marker into the body, roughly, `(frames, 3)`.
        offset: From the marker's middle to the joint, mm.

    Returns:
        `(frames, 3)` mm.
    """
    along = unit(far - marker)
    distance = np.linalg.norm(far - marker, axis=-1, keepdims=True)
    rise = offset**2 / distance
    inward = unit(across(direction, along))
    return marker + rise * along + np.sqrt(offset**2 - rise**2) * inward


def fit_circle_centre(groups: list[np.ndarray], num_rounds: int = 15) -> np.ndarray:
    """The common centre of circles, robust to outliers.

    Points weigh as the inverse of how far they lie from their circle, which minimises
    the sum of absolute distances; 5 mm and less count alike.

    Args:
        groups: Points of each circle, `(n, 2)` mm.
        num_rounds: Rounds of reweighted least squares.

    Returns:
        `(2,)` mm.
    """
    points = np.concatenate(groups)
    label = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    system = np.concatenate([2 * points, np.eye(len(groups))[label]], axis=1)
    squares = (points**2).sum(axis=-1)
    weights = np.ones(len(points))
    for _ in range(num_rounds):
        solution = np.linalg.lstsq(
            system * weights[:, None], squares * weights, rcond=None
        )[0]
        centre = solution[:2]
        radii = np.sqrt(np.maximum(solution[2:] + centre @ centre, 0))
        errors = np.linalg.norm(points - centre, axis=-1) - radii[label]
        weights = 1 / np.sqrt(np.maximum(np.abs(errors), 5.0))
    return centre
