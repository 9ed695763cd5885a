"""Drawings of poses and of fans of hypotheses, with matplotlib."""

from __future__ import annotations

import os
import typing

import numpy as np

from propose_keras.skeletons import H36M_17, Skeleton

if typing.TYPE_CHECKING:
    import matplotlib.axes
    import matplotlib.figure
    from mpl_toolkits.mplot3d.axes3d import Axes3D

# From the palette of Okabe and Ito, which colour-blind readers can tell apart.
LEFT_COLOR, RIGHT_COLOR, MIDDLE_COLOR = "#0072B2", "#D55E00", "#444444"
HYPOTHESIS_COLOR, MODE_COLOR, GROUND_TRUTH_COLOR = "#009E73", "#000000", "#D62728"
# Elevation and azimuth of the camera's own view and of the view from its left side.
FRONT_VIEW, SIDE_VIEW = (0.0, -90.0), (10.0, -165.0)


def matplotlib_figure() -> typing.Any:
    """The module `matplotlib.figure`.

    Raises:
        ImportError: If matplotlib is not installed; the message says how to.
    """
    try:
        from matplotlib import figure
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib. Install it with "
            '`pip install ".[visualization]"`.'
        ) from error
    return figure


def _check(name: str, joints, skeleton: Skeleton, *tail: int, ndim: int) -> np.ndarray:
    joints = np.asarray(joints, dtype=float)
    expected = (skeleton.num_joints, *tail)
    if joints.ndim != ndim or joints.shape[-2:] != expected:
        leading = "(hypotheses, " if ndim == 3 else "("
        raise ValueError(
            f"`{name}` must have the shape {leading}{expected[0]}, {expected[1]}) of "
            f"the skeleton {skeleton.name!r}, received {joints.shape}."
        )
    return joints


def _bone_color(skeleton: Skeleton, child: int) -> str:
    if child in skeleton.left:
        return LEFT_COLOR
    return RIGHT_COLOR if child in skeleton.right else MIDDLE_COLOR


def _upright(pose_3d: np.ndarray) -> np.ndarray:
    """Camera frame (right, down, forward) to plot axes (right, forward, up)."""
    return pose_3d[..., [0, 2, 1]] * np.array([1.0, 1.0, -1.0])


def _fit(axes) -> None:
    """Sets the limits to a cube around all that has been drawn."""
    flat, depth = axes.xy_dataLim, axes.zz_dataLim
    low = np.array([flat.x0, flat.y0, depth.x0])
    high = np.array([flat.x1, flat.y1, depth.x1])
    center, half = (low + high) / 2, 0.53 * (high - low).max()
    for set_limit, middle in zip((axes.set_xlim, axes.set_ylim, axes.set_zlim), center):
        set_limit(middle - half, middle + half)
    axes.set_box_aspect((1, 1, 1), zoom=1.35)


def draw_pose_3d(
    axes: matplotlib.axes.Axes,
    pose_3d: np.ndarray,
    skeleton: Skeleton = H36M_17,
    color: str | None = None,
    alpha: float = 1.0,
    linewidth: float = 2.0,
    label: str | None = None,
) -> None:
    """Draws a pose of the camera's frame, upright.

    Args:
        axes: Axes with `projection="3d"`.
        pose_3d: `(J, 3)` mm, x right, y down, z forward.
        skeleton: Joint order.
        color: One colour for all bones; by default left, right and middle differ.
        alpha: Opacity.
        linewidth: Width of the bones, points.
        label: Name in the legend.

    Raises:
        ValueError: If the shape is not the skeleton's.
    """
    points = _upright(_check("pose_3d", pose_3d, skeleton, 3, ndim=2))
    for parent, child in skeleton.bones:
        axes.plot(
            *points[[parent, child]].T,
            color=color or _bone_color(skeleton, child),
            alpha=alpha,
            linewidth=linewidth,
            solid_capstyle="round",
            label=label,
        )
        label = None
    _fit(axes)


def draw_keypoints_2d(
    axes: matplotlib.axes.Axes,
    keypoints: np.ndarray,
    skeleton: Skeleton = H36M_17,
    image_size: tuple[int, int] | None = None,
    color: str | None = None,
    linewidth: float = 2.0,
    missing: np.ndarray | None = None,
) -> None:
    """Draws keypoints with the image's y axis pointing down.

    Args:
        axes: Plain two-dimensional axes.
        keypoints: `(J, 2)` pixels.
        skeleton: Joint order.
        image_size: Width and height that the axes show; by default they show the
            person.
        color: One colour for all bones; by default left, right and middle differ.
        linewidth: Width of the bones, points.
        missing: `(J,)` bool: joints that were not measured, drawn hollow, as are their
            bones.

    Raises:
        ValueError: If the shape is not the skeleton's.
    """
    keypoints = _check("keypoints", keypoints, skeleton, 2, ndim=2)
    missing = np.zeros(len(keypoints), bool) if missing is None else missing
    for parent, child in skeleton.bones:
        axes.plot(
            *keypoints[[parent, child]].T,
            color=color or _bone_color(skeleton, child),
            linewidth=linewidth
            if not missing[[parent, child]].any()
            else 0.4 * linewidth,
        )
    for joint, (x, y) in enumerate(keypoints):
        joint_color = color or _bone_color(skeleton, joint)
        axes.plot(
            *(x, y),
            color=joint_color,
            marker="o",
            markersize=(2.2 if missing[joint] else 1.5) * linewidth,
            markerfacecolor="white" if missing[joint] else joint_color,
        )
    if image_size is None:
        low, high = keypoints.min(axis=0), keypoints.max(axis=0)
    else:
        low, high = np.zeros(2), np.asarray(image_size, dtype=float)
    margin = 1.0 if image_size is not None else 1.16
    center, half = (low + high) / 2, margin * (high - low).max() / 2
    axes.set_xlim(center[0] - half, center[0] + half)
    axes.set_ylim(center[1] + half, center[1] - half)
    axes.set_aspect("equal")


def draw_hypotheses(
    axes: Axes3D,
    hypotheses: np.ndarray,
    ground_truth: np.ndarray | None = None,
    mode: np.ndarray | None = None,
    skeleton: Skeleton = H36M_17,
    alpha: float | None = None,
) -> None:
    """Draws a fan of hypotheses as in the paper's Fig. 4, all with the root at 0.

    Args:
        axes: Axes with `projection="3d"`.
        hypotheses: `(S, J, 3)` mm in the camera's frame: green and translucent.
        ground_truth: `(J, 3)` mm: red.
        mode: `(J, 3)` mm: black.
        skeleton: Joint order.
        alpha: Opacity of a hypothesis; by default lower the more there are.

    Raises:
        ValueError: If a shape is not the skeleton's.
    """
    from mpl_toolkits.mplot3d import art3d

    def centered(name, pose, ndim):
        pose = _check(name, pose, skeleton, 3, ndim=ndim)
        return pose - pose[..., [skeleton.root], :]

    hypotheses = centered("hypotheses", hypotheses, 3)
    points = _upright(hypotheses)
    if alpha is None:
        alpha = float(np.clip(2.5 / max(len(points), 1), 0.04, 0.6))
    segments = points[:, np.array(skeleton.bones)].reshape(-1, 2, 3)
    had_data = axes.has_data()
    axes.computed_zorder = False
    axes.add_collection3d(
        art3d.Line3DCollection(
            segments, colors=HYPOTHESIS_COLOR, alpha=alpha, linewidths=1.0, zorder=1
        )
    )
    axes.auto_scale_xyz(*points.reshape(-1, 3).T, had_data)
    _fit(axes)
    for name, pose, color in (
        ("mode", mode, MODE_COLOR),
        ("ground_truth", ground_truth, GROUND_TRUTH_COLOR),
    ):
        if pose is not None:
            draw_pose_3d(axes, centered(name, pose, 2), skeleton, color, linewidth=1.4)


def figure_hypotheses(
    keypoints: np.ndarray,
    hypotheses: np.ndarray,
    ground_truth: np.ndarray | None,
    mode: np.ndarray | None,
    path: str | os.PathLike,
    titles: typing.Sequence[str] | None = None,
    skeleton: Skeleton = H36M_17,
    missing: np.ndarray | None = None,
    pictures: typing.Sequence[np.ndarray | None] | None = None,
) -> matplotlib.figure.Figure:
    """Writes a figure with one row per pose: the input and two views of the fan.

    Args:
        keypoints: `(poses, J, 2)` pixels.
        hypotheses: `(poses, S, J, 3)` mm in the camera's frame.
        ground_truth: `(poses, J, 3)` mm, or None.
        mode: `(poses, J, 3)` mm, or None.
        path: Image file to write; the folder must exist.
        titles: Name of each row.
        skeleton: Joint order.
        missing: `(poses, J)` bool: keypoints that were filled in, drawn hollow.
        pictures: For each pose the picture behind the keypoints, `(height, width, 3)`
            uint8, or None.

    Returns:
        The figure.

    Raises:
        ImportError: If matplotlib is not installed.
        ValueError: If a shape is not the skeleton's or the numbers of poses differ.
    """
    figure_module = matplotlib_figure()
    given = {"hypotheses": hypotheses, "ground_truth": ground_truth, "mode": mode}
    given |= {"titles": titles, "missing": missing, "pictures": pictures}
    num_rows = len(keypoints)
    for name, value in given.items():
        if value is not None and len(value) != num_rows:
            raise ValueError(
                f"`{name}` must have one entry per pose in `keypoints`, which are "
                f"{num_rows}, received {len(value)}."
            )
    figure = figure_module.Figure(
        figsize=(8.4, 2.8 * num_rows + 0.5), layout="constrained"
    )
    for row in range(num_rows):
        flat = figure.add_subplot(num_rows, 3, 3 * row + 1)
        hollow = None if missing is None else missing[row]
        picture = None if pictures is None else pictures[row]
        if picture is not None:
            flat.imshow(picture, extent=(0, picture.shape[1], picture.shape[0], 0))
        draw_keypoints_2d(flat, keypoints[row], skeleton, missing=hollow)
        flat.set_xticks([])
        flat.set_yticks([])
        flat.set_ylabel(titles[row] if titles is not None else "")
        views = []
        for column, (elevation, azimuth) in enumerate((FRONT_VIEW, SIDE_VIEW), 2):
            axes = figure.add_subplot(num_rows, 3, 3 * row + column, projection="3d")
            draw_hypotheses(
                axes,
                hypotheses[row],
                None if ground_truth is None else ground_truth[row],
                None if mode is None else mode[row],
                skeleton,
            )
            axes.view_init(elev=elevation, azim=azimuth)
            axes.set_axis_off()
            views.append(axes)
        if row == 0:
            flat.set_title("2D input")
            views[0].set_title("camera's view")
            views[1].set_title("from the side")
    figure.get_layout_engine().set(h_pad=0.08)  # Else titles are cut off at the top.
    colors = {"left": LEFT_COLOR, "right": RIGHT_COLOR}
    colors |= {f"{np.shape(hypotheses)[1]} hypotheses": HYPOTHESIS_COLOR}
    colors |= {} if mode is None else {"mode": MODE_COLOR}
    colors |= {} if ground_truth is None else {"ground truth": GROUND_TRUTH_COLOR}
    from matplotlib import lines

    handles = [lines.Line2D([], [], color=c, label=name) for name, c in colors.items()]
    if missing is not None and np.any(missing):
        hollow = lines.Line2D([], [], color=MIDDLE_COLOR, marker="o", linestyle="")
        hollow.set(markerfacecolor="white", label="filled in")
        handles.append(hollow)
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.savefig(path, dpi=130)
    return figure
