"""Ways to read the same keypoints: as other layouts, with other axes, other sides."""

import dataclasses
import functools

import numpy as np

from propose_keras.skeletons import H36M_17, convert, get_skeleton, layouts_alike

# How coordinates were written: as expected, x right and y down; with y upward; y first.
AXES = ("as given", "y up", "exchanged")

_ARMS = [H36M_17.index(n) for n in ("LShoulder", "LElbow", "LWrist")]
_ARMS += [H36M_17.index(n) for n in ("RShoulder", "RElbow", "RWrist")]
_OTHER_ARMS = np.arange(H36M_17.num_joints)
_OTHER_ARMS[_ARMS] = _ARMS[3:] + _ARMS[:3]


@dataclasses.dataclass(frozen=True)
class Reading:
    """What keypoints are taken for.

    Attributes:
        layout: Name of the joint order.
        axes: One of `AXES`.
        other_arms: Whether left and right arm are exchanged. The sides of the whole
            body are not: the mirror image in depth of a person is a person with left
            and right exchanged, who looks the same in 2D.
    """

    layout: str
    axes: str = AXES[0]
    other_arms: bool = False


@functools.cache
def readings(layout: str) -> tuple[Reading, ...]:
    """All readings of keypoints that are said to be in a layout, that one first."""
    plain = tuple(
        Reading(name, axes) for name in layouts_alike(layout) for axes in AXES
    )
    return (*plain, Reading(layout, other_arms=True))


def read_as(
    keypoints: np.ndarray, measured: np.ndarray, layout: str, aspect: float = 1.0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """One person in each of `readings(layout)`, grouped by which joints are measured.

    Args:
        keypoints: `(J, 2)` pixels.
        measured: `(J,)` bool.
        layout: Name of the joint order that they are said to be in.
        aspect: Width over height of the image where the keypoints were fractions of it,
            so that x and y were exchanged before they were scaled.

    Returns:
        Keypoints `(N, 17, 2)` in the order h36m17 and measured joints `(17,)` of each
        group. The groups laid end to end are in the order of `readings`.
    """
    keypoints = np.where(measured[:, None], keypoints, 0.0)
    groups = []
    for name in layouts_alike(layout):
        shares = _shares(name)
        found = ~((shares > 0) & ~measured).any(axis=1)
        groups.append((_with_axes(shares @ keypoints, aspect), found))
    points, found = groups[0]
    groups.append((points[:1, _OTHER_ARMS], found[_OTHER_ARMS]))
    return groups


@functools.cache
def _shares(layout):
    """Of each joint of a layout in each of h36m17, `(17, J)`."""
    return convert(np.eye(get_skeleton(layout).num_joints), layout)


def exchanged(points: np.ndarray, aspect: float = 1.0) -> np.ndarray:
    """Points `(N, 2)` with x and y exchanged; `aspect` as of `read_as`."""
    return points[:, ::-1] * [aspect, 1.0 / aspect]


def _with_axes(points, aspect):
    """Points `(17, 2)` under each of `AXES`, `(3, 17, 2)`."""
    return np.stack([points, points * [1.0, -1.0], exchanged(points, aspect)])
