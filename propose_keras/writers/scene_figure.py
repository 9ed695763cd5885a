"""A figure of scenes: all people of a few frames where they stand."""

import os
from collections.abc import Sequence

import numpy as np

from propose_keras.drawing import (
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    RIGHT_COLOR,
    matplotlib_figure,
)
from propose_keras.inference.results import LiftedPoses
from propose_keras.writers.person_artists import SCENE_VIEWS, PersonArtists
from propose_keras.writers.scene import scene_of
from propose_keras.writers.video_rows import person_of, row_dtype, rows_of

# Of a row of panels, inches.
_HEIGHT, _WIDTH = 3.2, 11.0


def figure_scenes(
    frames: Sequence[LiftedPoses],
    pictures: Sequence[np.ndarray | None],
    path: str | os.PathLike,
) -> None:
    """Writes a figure with a row per frame: the input, and two views of the scene.

    Args:
        frames: The people of each frame, with roots.
        pictures: Of each frame, `(height, width, 3)` uint8, or None.
        path: Image file to write; the folder must exist.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    from matplotlib import lines

    figure = matplotlib_figure().Figure(
        figsize=(_WIDTH, _HEIGHT * len(frames) + 0.5), layout="constrained"
    )
    everyone = LiftedPoses.concatenate(frames)
    scene = scene_of(everyone.mode, everyone.root)
    ratios = np.ptp(scene.limits, axis=1)
    # Panels of one height, as wide as what they show.
    widths = ratios[:, 0] / ratios[:, 1]
    axes = figure.subplots(
        *(len(frames), 3), squeeze=False, width_ratios=[1.2, *widths.clip(0.4, 2)]
    )
    dtype = row_dtype(everyone.hypotheses.shape[1])
    for (flat, *views), people, picture in zip(axes, frames, pictures):
        _show_input(flat, everyone.keypoints, picture)
        flat.set_ylabel(str(people.frame_name[0])[-40:], parse_math=False)
        for one, limit in zip(views, scene.limits):
            one.set(xlim=limit[:, 0], ylim=limit[:, 1], aspect="equal")
        for one in (flat, *views):
            one.set(xticks=[], yticks=[])
        names = [str(name) for name in people.person.tolist()]
        rows = rows_of(people, dtype)
        for place in np.argsort(-people.root[:, 2]):  # The nearest one last.
            is_outlined = picture is not None
            artists = PersonArtists(flat, views, SCENE_VIEWS, True, is_outlined, True)
            artists.update(
                person_of(rows[place], names[place], "spot", np.zeros((0, 3)))
            )
    for one, title in zip(axes[0], ("2D input", *SCENE_VIEWS)):
        one.set_title(title)
    colors = {"left": LEFT_COLOR, "right": RIGHT_COLOR}
    colors |= {f"{everyone.hypotheses.shape[1]} hypotheses": HYPOTHESIS_COLOR}
    handles = [lines.Line2D([], [], color=c, label=name) for name, c in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    figure.savefig(path, dpi=130)


def _show_input(axes, keypoints, picture):
    """Shows a picture, or as much as all keypoints need."""
    if picture is not None:
        height, width = picture.shape[:2]
        axes.imshow(picture, extent=(0, width, height, 0))
        axes.set(xlim=(0, width), ylim=(height, 0))
        return
    low, high = keypoints.min(axis=(0, 1)), keypoints.max(axis=(0, 1))
    margin = 0.06 * (high - low).max()
    axes.set(
        xlim=(low[0] - margin, high[0] + margin),
        ylim=(high[1] + margin, low[1] - margin),
        aspect="equal",
    )
