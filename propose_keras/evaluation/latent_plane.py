"""The paper's Fig. 3: the PILGD's means in a plane, and poses that lie apart in it."""

import collections
from typing import Any

import numpy as np

from propose_keras.drawing import draw_pose_3d
from propose_keras.evaluation.figures import COLORS, MARKERS, make_figure
from propose_keras.types import Tensor

# The actions of Fig. 3: fifteen colours cannot be distinguished.
ACTION_GROUPS = {
    "Sitting": "on a chair",
    "SittingDown": "on the floor",
    "WalkDog": "walking",
    "Walking": "walking",
    "WalkTogether": "walking",
}
_OTHER_GROUP = "other actions"


def draw_latent_means(
    means: Tensor,
    actions: Any,
    poses_3d: Tensor,
    depths: Tensor = None,
    num_points: int = 6,
) -> Any:
    """The paper's Fig. 3: means of the PILGD in the plane of their two main components.

    Around the plane stand chosen poses that lie far apart in it, each with the
    distribution of its joints' depths.

    Args:
        means: mu_3D, `(num_poses, d)`.
        actions: Action of each pose, `(num_poses,)`.
        poses_3d: `(num_poses, J, 3)` mm in the camera's frame.
        depths: Callable from rows `(num_points,)` to depths relative to the root,
            `(num_points, num_samples)` mm; by default the poses' own joints.
        num_points: How many poses to show, even.
    """
    means, poses_3d = np.asarray(means, np.float64), np.asarray(poses_3d)
    plane, shares = _principal_plane(means)
    rows = spread_out_rows(plane, num_points)
    if depths is None:
        depths = poses_3d[rows, 1:, 2] - poses_3d[rows, :1, 2]
    else:
        depths = np.asarray(depths(rows))
    bins = np.linspace(depths.min(), depths.max(), 40)
    figure = make_figure(1.6 * num_points / 2 + 0.4, 9.6)
    grid = figure.add_gridspec(num_points // 2, 5, width_ratios=(1, 0.8, 3.4, 1, 0.8))
    axes = figure.add_subplot(grid[:, 2])
    groups = action_groups(actions)
    for group, color, marker in zip(np.unique(groups)[::-1], COLORS, MARKERS):
        of_group = plane[groups == group]
        axes.scatter(
            *of_group.T,
            s=9,
            marker=marker,
            color=color,
            alpha=0.35,
            linewidths=0,
            label=group,
            rasterized=True,
        )
    legend = figure.legend(
        loc="outside upper center", ncols=4, frameon=False, fontsize=9
    )
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(alpha=1.0, sizes=[30])
    axes.set_xlabel(f"first component ({shares[0]:.0%} of the variance)")
    axes.set_ylabel(f"second component ({shares[1]:.0%})")
    axes.set(xticks=[], yticks=[])
    # Left boxes for the left points, from the top down.
    order = np.argsort(plane[rows, 0], kind="stable")
    sides = np.split(order, 2)
    sides = [side[np.argsort(-plane[rows[side], 1], kind="stable")] for side in sides]
    for side, first in zip(sides, (0, 3)):
        for line, point in enumerate(side):
            letter = "ABCDEFGHIJ"[line + (0 if first == 0 else num_points // 2)]
            axes.annotate(
                letter,
                plane[rows[point]],
                fontsize=10,
                fontweight="bold",
                ha="center",
                va="center",
                bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": "black"},
            )
            box = figure.add_subplot(grid[line, first], projection="3d")
            draw_pose_3d(box, poses_3d[rows[point]], linewidth=1.6)
            box.view_init(elev=10, azim=-65)
            box.set_axis_off()
            box.set_title(f"{letter}: {actions[rows[point]]}", fontsize=9)
            histogram = figure.add_subplot(grid[line, first + 1])
            histogram.hist(depths[point], bins=bins, color="0.35", density=True)
            histogram.set_yticks([])
            histogram.tick_params(axis="x", labelsize=7)
            histogram.set_xlabel("depth, mm", fontsize=7)
            histogram.spines[["left", "top", "right"]].set_visible(False)
    return figure


def action_groups(actions: Any) -> Any:
    """Groups that share a colour, `(num_poses,)`.

    Those of `ACTION_GROUPS`; where a data set has other names, its three most frequent
    actions and the rest.
    """
    actions = [str(action) for action in actions]
    names = ACTION_GROUPS
    if not names.keys() & set(actions):
        counts = collections.Counter(actions).most_common(3)
        names = {action: action for action, _ in counts}
    return np.array([names.get(action, _OTHER_GROUP) for action in actions])


def _principal_plane(means):
    """Coordinates in the plane of the two main components, and their shares."""
    centred = means - means.mean(axis=0)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    # The signs of the directions are free: fixed, so that figures can be compared.
    signs = np.sign(directions[np.arange(2), np.abs(directions[:2]).argmax(axis=1)])
    plane = centred @ (directions[:2] * signs[:, None]).T
    return plane, singular[:2] ** 2 / np.sum(singular**2)


def spread_out_rows(points: Tensor, number: int) -> Any:
    """Rows of points far from each other: farthest-point sampling from the fringe.

    Args:
        points: `(num_points, d)`.
        number: How many; fewer come back if there are fewer points.
    """
    number = min(number, len(points))
    distance = np.linalg.norm(points - points.mean(axis=0), axis=1)
    # The outermost hundredth are outliers, not examples.
    eligible = np.flatnonzero(distance <= np.quantile(distance, 0.99))
    points, distance = points[eligible], distance[eligible]
    chosen = [int(distance.argmax())]
    nearest = np.full(len(points), np.inf)
    for _ in range(number - 1):
        last = np.linalg.norm(points - points[chosen[-1]], axis=1)
        nearest = np.minimum(nearest, last)
        chosen.append(int(nearest.argmax()))
    return eligible[chosen]
