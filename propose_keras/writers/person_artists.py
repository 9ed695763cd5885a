"""What is drawn of a person in a frame of a video, and how poses are looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from propose_keras.drawing import (
    FRONT_VIEW,
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    MIDDLE_COLOR,
    RIGHT_COLOR,
    SIDE_VIEW,
)
from propose_keras.skeletons import H36M_17

# Elevation and azimuth in degrees: of people around their hips, and in one scene.
VIEWS = {"camera's view": FRONT_VIEW, "from the side": SIDE_VIEW}
SCENE_VIEWS = {"camera's view": FRONT_VIEW, "from above": (90.0, -90.0)}
TEXT_COLOR = "#222222"
_TRAIL_COLOR = "#7C8AA0"
_BONES = np.array(H36M_17.bones)
_COLORS = np.full(len(_BONES), MIDDLE_COLOR)
_COLORS[np.isin(_BONES[:, 1], H36M_17.left)] = LEFT_COLOR
_COLORS[np.isin(_BONES[:, 1], H36M_17.right)] = RIGHT_COLOR
# The skeleton in three strokes of equal length, which draw faster than its bones.
_STROKES = np.array(
    [
        [3, 2, 1, 0, 4, 5, 6],
        [0, 7, 8, 9, 10, 10, 10],
        [16, 15, 14, 8, 11, 12, 13],
    ]
)
# Of a name above a head, mm.
_NAME_GAP = 60.0


@dataclasses.dataclass(frozen=True)
class Person:
    """What is drawn of one person in one frame.

    Attributes:
        slot: Number of the panel, from 0; in a scene of the artists.
        name: Title of the panel.
        keypoints: `(17, 2)` pixels.
        missing: `(17,)` bool: keypoints that were filled in.
        mode: `(17, 3)` mm, in the camera's axes, as all poses of `LiftedPoses`.
        hypotheses: `(S, 17, 3)` mm.
        root: `(3,)` mm, added to all poses.
        trail: `(T, 3)` mm, where the person was, on the floor.
    """

    slot: int
    name: str
    keypoints: np.ndarray
    missing: np.ndarray
    mode: np.ndarray
    hypotheses: np.ndarray
    root: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(3))
    trail: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((0, 3)))


def project(poses: np.ndarray, view: tuple[float, float]) -> np.ndarray:
    """Looks at poses from infinitely far away.

    Args:
        poses: `(..., 3)` mm in the camera's axes.
        view: Elevation and azimuth in degrees, as matplotlib counts them.

    Returns:
        `(..., 3)` mm: to the right, up, and towards who looks.
    """
    elevation, azimuth = np.deg2rad(view)
    up, away = np.sin(elevation), np.cos(elevation)
    x, y = np.cos(azimuth), np.sin(azimuth)
    axes = np.array([[-y, x, 0], [-up * x, -up * y, away], [away * x, away * y, up]])
    # From right, down, forward to right, forward, up.
    return poses[..., [0, 2, 1]] * np.array([1, 1, -1]) @ axes.T


class PersonArtists:
    """The artists of one person at a time.

    Args:
        image: Axes of the input.
        axes: Axes of each of `views`.
        views: Elevation and azimuth of each, by name.
        is_named: Whether to write the person's name.
        is_outlined: Whether the input is drawn over a picture.
        in_scene: Whether others are in the same axes.
    """

    def __init__(
        self,
        image: Any,
        axes: list[Any],
        views: Mapping[str, tuple[float, float]],
        is_named: bool,
        is_outlined: bool,
        in_scene: bool = False,
    ) -> None:
        from matplotlib import collections, lines, patheffects

        def bones(axes, **style):
            style = {"capstyle": "round", **style}
            return axes.add_collection(
                collections.LineCollection([], **style), autolim=False
            )

        self._views, self._is_named, self._in_scene = views, is_named, in_scene
        white = {"colors": "white", "linewidths": 4, "alpha": 0.6}
        self._outline = bones(image, visible=is_outlined, **white)
        self._flat = bones(image, colors=_COLORS, linewidths=2)
        dots: dict[str, Any] = {"linestyle": "", "color": MIDDLE_COLOR}
        self._measured = lines.Line2D([], [], marker="o", markersize=2.5, **dots)
        self._filled = lines.Line2D(
            [], [], marker="o", markersize=4, markerfacecolor="white", **dots
        )
        image.add_line(self._measured)
        image.add_line(self._filled)
        self._trails = [
            one.add_line(lines.Line2D([], [], color=_TRAIL_COLOR, linewidth=1.5))
            for one in axes
        ]
        self._fans = [
            bones(one, colors=HYPOTHESIS_COLOR, linewidths=0.9, alpha=0.2)
            for one in axes
        ]
        width = 2.0 if in_scene else 2.6
        self._modes = [bones(one, colors=_COLORS, linewidths=width) for one in axes]
        style = {"fontsize": 9, "color": TEXT_COLOR, "ha": "center", "va": "bottom"}
        self._label = image.text(0, 0, "", clip_on=True, parse_math=False, **style)
        halo = patheffects.withStroke(linewidth=2.5, foreground="white")
        self._label.set_path_effects([halo] if is_outlined else [])
        if in_scene:
            self._titles = [
                one.text(0, 0, "", clip_on=True, parse_math=False, **style)
                for one in axes
            ]
        else:
            corner = {**style, "ha": "left", "va": "top", "fontsize": 10}
            self._titles = [
                axes[0].text(
                    *(0.03, 0.985, ""),
                    **corner,
                    transform=axes[0].transAxes,
                    parse_math=False,
                )
            ]
        self.artists = [self._outline, self._flat, self._measured, self._filled]
        self.artists += [self._label, *self._trails, *self._fans, *self._modes]
        self.artists += self._titles

    def update(self, person: Person) -> None:
        """Makes the artists show a person."""
        keypoints, missing = person.keypoints, person.missing
        self._outline.set_segments(keypoints[_BONES])
        self._flat.set_segments(keypoints[_BONES])
        self._measured.set_data(*keypoints[~missing].T)
        self._filled.set_data(*keypoints[missing].T)
        if self._is_named:
            name = person.name if self._in_scene else f"person {person.name}"
            for title in self._titles:
                title.set_text(name)
            self._label.set_text(person.name)
            self._label.set_position(keypoints[keypoints[:, 1].argmin()])
        for place, view in enumerate(self._views.values()):
            trail = project(person.trail, view)
            self._trails[place].set_data(trail[:, 0], trail[:, 1])
            drawn = project(person.hypotheses + person.root, view)[..., :2]
            strokes = drawn[:, _STROKES].reshape(-1, _STROKES.shape[1], 2)
            self._fans[place].set_segments(strokes)
            joints = project(person.mode + person.root, view)
            bones = joints[_BONES]
            order = bones[..., 2].mean(axis=1).argsort()  # The nearest one last.
            self._modes[place].set_segments(bones[order, :, :2])
            self._modes[place].set_color(_COLORS[order])
            if self._in_scene:
                middle, top = joints[:, 0].mean(), joints[:, 1].max()
                self._titles[place].set_position((middle, top + _NAME_GAP))
