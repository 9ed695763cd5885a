"""Contact sheets of a data set's actions: poses on the floor, from three sides.

    python benchmarks/pose_sheet.py --data_dir=DIR --dataset=synthetic_human/rare \
        --output=sheets
    python benchmarks/pose_sheet.py --data_dir=DIR --dataset=synthetic_human/rare \
        --poses=2 --views=1 --columns=9 --one_sheet --output=sheets

Draws poses of the test split that lie far apart in time and people, a PNG for each
action or one for all. Left is blue, right is orange; the dot is the top of the head.
"""

import argparse
import pathlib

import numpy as np

from propose_keras.data import PoseArrays, load_arrays
from propose_keras.drawing import (
    LEFT_COLOR,
    MIDDLE_COLOR,
    RIGHT_COLOR,
    matplotlib_figure,
)
from propose_keras.skeletons import H36M_17

# Bearing from the person's front and height of each view, degrees.
VIEWS = ((35, 12), (110, 12), (215, 35))
_FLOOR = np.linspace(-900, 900, 5)


def in_world(arrays: PoseArrays) -> np.ndarray:
    """Poses in the world, `(poses, 17, 3)` mm, z up."""
    world = np.empty(arrays.pose_3d.shape)
    for index, clip in enumerate(arrays.clips):
        rows = arrays.clip_index == index
        world[rows] = arrays.pose_3d[rows] @ clip.rotation + clip.translation
    return world


def _project(points, front, view):
    """Points `(..., 3)` in the plane of a view from far away, `(..., 2)` mm."""
    bearing, height = np.radians(view)
    bearing += front
    right = np.array([-np.sin(bearing), np.cos(bearing), 0.0])
    back = np.array([np.cos(bearing), np.sin(bearing), 0.0])
    up = np.cos(height) * np.array([0, 0, 1]) - np.sin(height) * back
    return points @ np.stack([right, up], axis=-1)


def draw(axes, pose: np.ndarray, view: tuple[float, float]) -> None:
    """Draws a pose `(17, 3)` mm of the world on its floor."""
    pose = pose - [*pose[:, :2].mean(axis=0), 0]
    left = pose[H36M_17.index("LHip")] - pose[H36M_17.index("RHip")]
    front = np.arctan2(-left[0], left[1])
    for at in _FLOOR:
        for line in ([[at, -900, 0], [at, 900, 0]], [[-900, at, 0], [900, at, 0]]):
            axes.plot(*_project(np.array(line), front, view).T, "0.85", linewidth=0.6)
    flat = _project(pose, front, view)
    for parent, child in H36M_17.bones:
        color = LEFT_COLOR if child in H36M_17.left else MIDDLE_COLOR
        color = RIGHT_COLOR if child in H36M_17.right else color
        axes.plot(*flat[[parent, child]].T, color, linewidth=2, solid_capstyle="round")
    axes.plot(*flat[H36M_17.index("Head")], "o", color=MIDDLE_COLOR, markersize=5)
    axes.set_xlim(-1100, 1100)
    axes.set_ylim(-500, 2000)
    axes.set_aspect("equal")


def some_poses(arrays: PoseArrays, count: int) -> np.ndarray:
    """Poses evenly out of all clips, in the world, `(count, 17, 3)` mm."""
    rows = np.linspace(0, len(arrays), count, endpoint=False)
    rows += len(arrays) / (2 * count)
    return in_world(arrays)[rows.astype(int)]


def sheet(titles: list[str], poses: list[np.ndarray], num_views: int, columns: int):
    """A figure of poses, each from some views side by side."""
    rows = -(-len(poses) // columns)
    size = (1.25 * columns * num_views, 1.5 * rows)
    figure = matplotlib_figure().Figure(figsize=size)
    grid = figure.subplots(rows, columns * num_views, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for index, (title, pose) in enumerate(zip(titles, poses)):
        row, column = divmod(index, columns)
        for number, view in enumerate(VIEWS[:num_views]):
            draw(grid[row, column * num_views + number], pose, view)
        grid[row, column * num_views].set_title(title, fontsize=7)
    figure.subplots_adjust(0, 0, 1, 0.96, 0, 0.1)
    return figure


def main(arguments: list[str] | None = None) -> None:
    """Writes the sheets; `arguments` are those of the command line by default."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--dataset", default="synthetic_human/rare")
    parser.add_argument("--poses", type=int, default=12, help="of each action")
    parser.add_argument("--views", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--one_sheet", action="store_true")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args(arguments)
    arrays = load_arrays(arguments.dataset, arguments.data_dir, "test")
    actions = list(dict.fromkeys(clip.action for clip in arrays.clips))
    poses = {
        action: list(some_poses(arrays.select(actions=[action]), arguments.poses))
        for action in actions
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    sheets = {action: [action] for action in actions}
    if arguments.one_sheet:
        sheets = {"actions": actions}
    for name, members in sheets.items():
        titles = [action for action in members for _ in poses[action]]
        drawn = [pose for action in members for pose in poses[action]]
        figure = sheet(titles, drawn, arguments.views, arguments.columns)
        figure.savefig(arguments.output / f"{name}.png", dpi=80)


if __name__ == "__main__":
    main()
