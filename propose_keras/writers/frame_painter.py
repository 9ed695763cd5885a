"""Draws the frames of a video of lifted people, fast: only what moves is redrawn."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from propose_keras.drawing import (
    FRONT_VIEW,
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    MIDDLE_COLOR,
    RIGHT_COLOR,
    SIDE_VIEW,
    matplotlib_figure,
)
from propose_keras.skeletons import H36M_17
from propose_keras.writers.source_pictures import paste

VIEWS = {"camera's view": FRONT_VIEW, "from the side": SIDE_VIEW}
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
PAPER, _LINES, _TEXT = "#F4F4F4", "#CCCCCC", "#222222"
# Heights of the bands above and below the panels, and gaps, in parts of the height.
_TOP, _BOTTOM, _GAP = 0.09, 0.09, 0.02
_MAX_CAPTION = 90


@dataclasses.dataclass(frozen=True)
class Person:
    """What is drawn of one person in one frame.

    Attributes:
        slot: Number of the panel, from 0.
        name: Title of the panel.
        keypoints: `(17, 2)` pixels.
        missing: `(17,)` bool: keypoints that were filled in.
        mode: `(17, 3)` mm, in the camera's axes, as all poses of `LiftedPoses`.
        hypotheses: `(S, 17, 3)` mm.
    """

    slot: int
    name: str
    keypoints: np.ndarray
    missing: np.ndarray
    mode: np.ndarray
    hypotheses: np.ndarray


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


class FramePainter:
    """Draws frames of one size with limits that stay.

    Args:
        size: Width and height in pixels.
        num_slots: Panels for people, 1 to 4.
        image_limits: Corners `(2, 2)` of what the 2D panel shows, pixels.
        view_limits: Corners `(views, 2, 2)` of what each view must show, mm to the
            right and up.
        num_hypotheses: To be named in the legend.
        with_pictures: Whether `draw` is given pictures, on which all is outlined.

    Raises:
        ImportError: If matplotlib is not installed.
    """

    def __init__(
        self,
        size: tuple[int, int],
        num_slots: int,
        image_limits: np.ndarray,
        view_limits: np.ndarray,
        num_hypotheses: int,
        with_pictures: bool = False,
    ) -> None:
        figure_module = matplotlib_figure()
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        width, height = size
        self._figure = figure_module.Figure(
            figsize=(7.2 * width / height, 7.2), dpi=height / 7.2
        )
        self._canvas = FigureCanvasAgg(self._figure)
        self._ratio = width / height
        self._outlined = with_pictures
        right = self._add_image_panel(image_limits, num_slots)
        self._slots = self._add_slots(right, num_slots, view_limits)
        self._caption = self._figure.text(
            _GAP / self._ratio,
            1 - _TOP / 2,
            "",
            **{"fontsize": 13, "va": "center", "color": _TEXT, "parse_math": False},
        )
        self._add_legend(num_hypotheses)
        artists = [self._caption, *(a for slot in self._slots for a in slot.artists)]
        for artist in artists:
            artist.set_animated(True)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def draw(
        self, caption: str, people: list[Person], picture: np.ndarray | None = None
    ) -> np.ndarray:
        """One frame.

        Args:
            caption: Written above it; of a long one the end.
            people: Those to show, each in a slot of its own.
            picture: `(height, width, 3)` uint8, behind the keypoints from (0, 0) on.

        Returns:
            `(height, width, 4)` uint8: red, green, blue and opacity, which is full.
        """
        self._canvas.restore_region(self._background)
        if picture is not None:
            paste(picture, self._image, np.asarray(self._canvas.buffer_rgba()))
        if len(caption) > _MAX_CAPTION:
            caption = f"…{caption[-_MAX_CAPTION:]}"
        self._caption.set_text(caption)
        self._figure.draw_artist(self._caption)
        for person in people:
            slot = self._slots[person.slot]
            slot.update(person)
            for artist in slot.artists:
                (artist.axes or self._figure).draw_artist(artist)
        return np.array(self._canvas.buffer_rgba())

    def _add_axes(self, left, bottom, width, height):
        """Axes at a place in parts of the figure's height, without marks."""
        place = (left / self._ratio, bottom, width / self._ratio, height)
        axes = self._figure.add_axes(place, facecolor=PAPER)
        axes.tick_params(**dict.fromkeys(("left", "bottom"), False))
        axes.tick_params(labelleft=False, labelbottom=False)
        for spine in axes.spines.values():
            spine.set_color(_LINES)
        return axes

    def _add_image_panel(self, limits, num_slots):
        """Adds the panel of the input; returns where it ends."""
        extent = np.maximum(limits[1] - limits[0], 1.0)
        share = 0.5 if self._outlined else 0.4 if num_slots == 1 else 0.45
        space = np.array([share * self._ratio, 1 - _TOP - _BOTTOM])
        width, height = extent * (space / extent).min()
        bottom = _BOTTOM + (space[1] - height) / 2
        self._image = self._add_axes(_GAP, bottom, width, height)
        self._image.set_xlim(limits[0, 0], limits[1, 0])
        self._image.set_ylim(limits[1, 1], limits[0, 1])
        self._image.set_title("2D input", fontsize=10, color=_TEXT, pad=4)
        return _GAP + width

    def _add_slots(self, left, num_slots, limits):
        """Adds the panels of people, two views each, in the grid that shows most."""
        extents = limits[:, 1] - limits[:, 0]
        content = np.array([extents[:, 0].sum(), extents[:, 1].max()])
        grids = []
        for columns in range(1, num_slots + 1):
            rows = -(-num_slots // columns)
            cell = np.array([self._ratio - left - _GAP, 1 - _TOP - _BOTTOM])
            cell /= columns, rows
            millimetres = (content / (cell - [_GAP, _GAP * (rows > 1)])).max()
            grids.append((millimetres, columns, rows, cell))
        millimetres, columns, rows, cell = min(grids, key=lambda grid: grid[:2])
        inner = cell - [_GAP, _GAP * (rows > 1)]
        spare = inner[0] - extents[:, 0].sum() / millimetres
        slots = []
        for slot in range(num_slots):
            x = left + cell[0] * (slot % columns) + _GAP
            y = 1 - _TOP - cell[1] * (slot // columns) - inner[1]
            views = []
            for name, view_limit, extent in zip(VIEWS, limits, extents):
                width = extent[0] / millimetres + spare / len(VIEWS)
                axes = self._add_axes(x, y, width, inner[1])
                x += width
                half = millimetres * np.array([width, inner[1]]) / 2
                low, high = view_limit.mean(axis=0) + [-half, half]
                axes.set_xlim(low[0], high[0])
                axes.set_ylim(low[1], high[1])
                axes.text(
                    *(0.5, 0.015, name),
                    **{"transform": axes.transAxes, "ha": "center", "va": "bottom"},
                    **{"fontsize": 9, "color": "#777777"},
                )
                views.append(axes)
            slots.append(_Slot(self._image, views, num_slots > 1, self._outlined))
        return slots

    def _add_legend(self, num_hypotheses):
        from matplotlib import lines

        hollow: dict[str, Any] = {
            "marker": "o",
            "linestyle": "",
            "markerfacecolor": "white",
        }
        self._figure.legend(
            handles=[
                lines.Line2D([], [], color=LEFT_COLOR, linewidth=2.5),
                lines.Line2D([], [], color=RIGHT_COLOR, linewidth=2.5),
                lines.Line2D([], [], color=HYPOTHESIS_COLOR, alpha=0.6),
                lines.Line2D([], [], color=MIDDLE_COLOR, markersize=5, **hollow),
            ],
            labels=["left", "right", f"{num_hypotheses} hypotheses", "filled in"],
            loc="center",
            bbox_to_anchor=(0.5, _BOTTOM / 2),
            ncols=4,
            frameon=False,
            fontsize=10,
            labelcolor=_TEXT,
        )


class _Slot:
    """The artists of one person."""

    def __init__(self, image, views, named, outlined):
        from matplotlib import collections, lines, patheffects

        def bones(axes, **style):
            style = {"capstyle": "round", **style}
            return axes.add_collection(
                collections.LineCollection([], **style), autolim=False
            )

        white = {"colors": "white", "linewidths": 4, "alpha": 0.6}
        self._outline = bones(image, visible=outlined, **white)
        self._flat = bones(image, colors=_COLORS, linewidths=2)
        dots: dict[str, Any] = {"linestyle": "", "color": MIDDLE_COLOR}
        self._measured = lines.Line2D([], [], marker="o", markersize=2.5, **dots)
        self._filled = lines.Line2D(
            [], [], marker="o", markersize=4, markerfacecolor="white", **dots
        )
        image.add_line(self._measured)
        image.add_line(self._filled)
        self._fans = [
            bones(axes, colors=HYPOTHESIS_COLOR, linewidths=0.9, alpha=0.2)
            for axes in views
        ]
        self._modes = [bones(axes, colors=_COLORS, linewidths=2.6) for axes in views]
        self._named = named
        style = {"fontsize": 9, "color": _TEXT, "ha": "center", "va": "bottom"}
        self._label = image.text(0, 0, "", clip_on=True, parse_math=False, **style)
        halo = patheffects.withStroke(linewidth=2.5, foreground="white")
        self._label.set_path_effects([halo] if outlined else [])
        self._title = views[0].text(
            *(0.03, 0.985, ""),
            **{**style, "ha": "left", "va": "top", "fontsize": 10},
            transform=views[0].transAxes,
            parse_math=False,
        )
        self.artists = [self._outline, self._flat, self._measured, self._filled]
        self.artists += [self._label, *self._fans, *self._modes, self._title]

    def update(self, person: Person) -> None:
        keypoints, missing = person.keypoints, person.missing
        self._outline.set_segments(keypoints[_BONES])
        self._flat.set_segments(keypoints[_BONES])
        self._measured.set_data(*keypoints[~missing].T)
        self._filled.set_data(*keypoints[missing].T)
        if self._named:
            self._title.set_text(f"person {person.name}")
            self._label.set_text(person.name)
            top = keypoints[keypoints[:, 1].argmin()]
            self._label.set_position(top)
        for fan, mode, view in zip(self._fans, self._modes, VIEWS.values()):
            drawn = project(person.hypotheses, view)[..., :2]
            fan.set_segments(drawn[:, _STROKES].reshape(-1, _STROKES.shape[1], 2))
            bones = project(person.mode, view)[_BONES]
            order = bones[..., 2].mean(axis=1).argsort()  # The nearest one last.
            mode.set_segments(bones[order, :, :2])
            mode.set_color(_COLORS[order])
