"""Draws the frames of a video of lifted people, fast: only what moves is redrawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from propose_keras.drawing import (
    HYPOTHESIS_COLOR,
    LEFT_COLOR,
    MIDDLE_COLOR,
    RIGHT_COLOR,
    matplotlib_figure,
)
from propose_keras.writers.person_artists import (
    SCENE_VIEWS,
    TEXT_COLOR,
    VIEWS,
    Person,
    PersonArtists,
)
from propose_keras.writers.source_pictures import paste

PAPER, _LINES, _GRID, _TEXT = "#F4F4F4", "#CCCCCC", "#DFE3E8", TEXT_COLOR
# Heights of the bands above and below the panels, and gaps, in parts of the height.
_TOP, _BOTTOM, _GAP = 0.09, 0.09, 0.02
_MAX_CAPTION = 90
# Between lines of a scene's floor, mm.
_TILE = 500.0


class FramePainter:
    """Draws frames of one size with limits that stay.

    Args:
        size: Width and height in pixels.
        num_slots: Panels for people, 1 to 4; in a scene, people at a time.
        image_limits: Corners `(2, 2)` of what the 2D panel shows, pixels.
        view_limits: Corners `(views, 2, 2)` of what each view must show, mm to the
            right and up.
        num_hypotheses: To be named in the legend.
        with_pictures: Whether `draw` is given pictures, on which all is outlined.
        floor: Where the floor of a scene is, mm down; then people stand in one scene,
            at their roots, and the views are `SCENE_VIEWS` instead of `VIEWS`.

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
        floor: float | None = None,
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
        if floor is None:
            self._slots = self._add_slots(right, num_slots, view_limits)
        else:
            self._slots = self._add_scene(right, num_slots, view_limits, floor)
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
        for person in sorted(people, key=lambda person: -person.root[2]):
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
            named = num_slots > 1, self._outlined
            slots.append(PersonArtists(self._image, views, VIEWS, *named))
        return slots

    def _add_scene(self, left, num_slots, limits, floor):
        """Adds two views of one scene of all people, next to or above each other."""
        extents = limits[:, 1] - limits[:, 0]
        left = left + _GAP
        space = np.array([self._ratio - left - _GAP, 1 - _TOP - _BOTTOM])
        beside = (extents.sum(axis=0)[0] / (space[0] - _GAP), extents[:, 1] / space[1])
        above = (extents[:, 0] / space[0], extents.sum(axis=0)[1] / (space[1] - _GAP))
        scale_beside, scale_above = (max(map(np.max, one)) for one in (beside, above))
        axis = 0 if scale_beside <= scale_above else 1
        millimetres = min(scale_beside, scale_above)
        # What is left is shared out, so that the panels fill their space.
        sizes = extents / millimetres
        sizes[:, 1 - axis] = space[1 - axis]
        sizes[:, axis] += (space[axis] - _GAP - sizes[:, axis].sum()) / 2
        views, x, y = [], left, 1 - _TOP
        for (name, view), limit, size in zip(SCENE_VIEWS.items(), limits, sizes):
            axes = self._add_axes(x, y - size[1], *size)
            x, y = (x + size[0] + _GAP, y) if axis == 0 else (x, y - size[1] - _GAP)
            low, high = limit.mean(axis=0) + [-millimetres * size / 2] * np.array(
                [[1], [-1]]
            )
            axes.set_xlim(low[0], high[0])
            axes.set_ylim(low[1], high[1])
            _add_floor(axes, view, floor, low, high)
            axes.text(
                *(0.5, 0.015, _described(name, view)),
                **{"transform": axes.transAxes, "ha": "center", "va": "bottom"},
                **{"fontsize": 9, "color": "#777777"},
            )
            views.append(axes)
        return [
            PersonArtists(
                *(self._image, views, SCENE_VIEWS, num_slots > 1, self._outlined), True
            )
            for _ in range(num_slots)
        ]

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


def _add_floor(axes, view, floor, low, high):
    """Adds lines of the floor as far as axes show: one, and tiles from above."""
    from matplotlib import collections

    if view[0] == 0:
        segments = [[(low[0], -floor), (high[0], -floor)]]
    else:
        first, last = np.floor(low / _TILE), np.ceil(high / _TILE)
        x, y = (np.arange(a, b + 1) * _TILE for a, b in zip(first, last))
        segments = [[(at, y[0]), (at, y[-1])] for at in x]
        segments += [[(x[0], at), (x[-1], at)] for at in y]
    style = {"colors": _GRID, "linewidths": 1, "zorder": 0}
    axes.add_collection(collections.LineCollection(segments, **style), autolim=False)


def _described(name, view):
    return name if view[0] == 0 else f"{name}, tiles of {_TILE / 1000:g} m"
