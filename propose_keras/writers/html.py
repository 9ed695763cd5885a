"""A page that shows lifted poses in a browser: one file that needs nothing else."""

import base64
import collections
import hashlib
import html
import importlib.resources
import json
import os
import pathlib
import re

import numpy as np

from propose_keras import drawing
from propose_keras.inference.results import AXES, LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers.base import PoseWriter

_MAX_NAME_LENGTH = 120


def plotly_source() -> str:
    """The source of plotly.js.

    Raises:
        ImportError: If plotly is not installed; the message says how to.
    """
    try:
        from plotly import offline
    except ImportError as error:
        raise ImportError(
            'The viewer needs plotly. Install it with `pip install ".[visualization]"`.'
        ) from error
    return offline.get_plotlyjs()


class HtmlWriter(PoseWriter):
    """Writes a page with the poses in 3D, the keypoints they come from and a slider.

    A file that fits a browser holds a part of a long source only: every frame, or every
    second, fourth, eighth and so on, so that more than half of `max_frames` frames are
    shown, or all there are. All people of a frame shown are shown. Lengths are rounded
    to mm.

    Rows are frames in order; one frame's people may be in two batches.

    Args:
        path: The page, `.html`.
        num_hypotheses: How many of each pose's hypotheses, the first ones.
        max_frames: How many frames at the most.

    Raises:
        ImportError: If plotly is not installed.
        ValueError: If the suffix is none of `SUFFIXES`, or a number is below 1;
            on leaving the `with` block, if nothing was written.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".html", ".htm")
    OPTIONS = ("max_frames",)

    def __init__(
        self, path: str | os.PathLike, num_hypotheses: int = 20, max_frames: int = 600
    ) -> None:
        for name, value in (
            ("num_hypotheses", num_hypotheses),
            ("max_frames", max_frames),
        ):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, received {value}.")
        self._plotly = plotly_source()
        super().__init__(path)
        self._frames = FrameSample(max_frames)
        self._num_hypotheses = num_hypotheses
        self._num_drawn, self._num_skipped = 0, 0

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._num_skipped += poses.num_skipped
        self._num_drawn = max(self._num_drawn, poses.hypotheses.shape[1])
        for row in range(len(poses)):
            self._frames.add(poses.take(row, self._num_hypotheses))

    def _finish(self) -> dict[pathlib.Path, pathlib.Path]:
        if not self._frames.kept:
            raise ValueError(
                f"{self.path.name} would show nothing: no pose was written."
            )
        if self._frames.stride > 1:
            self.omissions.append(
                f"{self.path} shows {len(self._frames.kept):,} of "
                f"{self._frames.num_frames:,} frames, one in {self._frames.stride}; "
                "--max_frames or `max_frames` is how many it may show."
            )
        data = page_data(self._frames)
        data["title"] = _short(self.path.name)
        data["numDrawn"], data["numSkipped"] = self._num_drawn, self._num_skipped
        finished = self._folder / "finished.html"
        finished.write_text(render(data, self._plotly), "utf-8", newline="\n")
        return {self.path: finished}


class FrameSample:
    """Keeps frames evenly spread over a stream of unknown length.

    Attributes:
        kept: For each frame kept, its people.
        stride: One in how many frames of the source is kept, a power of two.
        num_frames: Frames of the source so far.
    """

    def __init__(self, max_frames: int) -> None:
        self.kept: list[list[LiftedPoses]] = []
        self.stride, self.num_frames = 1, 0
        self._max_frames, self._name = max_frames, None

    def add(self, person: LiftedPoses) -> None:
        """Takes the next row; rows of equal names one after another are a frame."""
        name = person.frame_name[0]
        if self.num_frames == 0 or name != self._name:
            self._name = name
            self.num_frames += 1
            if self._is_kept():
                self.kept.append([])
            if len(self.kept) > self._max_frames:
                self.kept, self.stride = self.kept[::2], 2 * self.stride
        if self._is_kept():
            self.kept[-1].append(person)

    def _is_kept(self) -> bool:
        return (self.num_frames - 1) % self.stride == 0


def page_data(frames: FrameSample) -> dict:
    """What the page's script reads, ready for JSON; arrays are in base64."""
    poses = LiftedPoses.concatenate([row for people in frames.kept for row in people])
    num_people = [len(people) for people in frames.kept]
    person_lanes = lanes(
        np.repeat(np.arange(len(frames.kept)), num_people),
        poses.person,
        poses.keypoints[:, H36M_17.root, 0],
    )
    return {
        "axes": AXES,
        "joints": H36M_17.joint_names,
        "parents": H36M_17.parents,
        "left": H36M_17.left,
        "right": H36M_17.right,
        "colors": {
            "left": drawing.LEFT_COLOR,
            "right": drawing.RIGHT_COLOR,
            "middle": drawing.MIDDLE_COLOR,
            "hypotheses": drawing.HYPOTHESIS_COLOR,
        },
        "frames": [_short(str(people[0].frame_name[0])) for people in frames.kept],
        "numFrames": frames.num_frames,
        "stride": frames.stride,
        "firstRow": np.cumsum([0, *num_people]).tolist(),
        "person": poses.person.tolist(),
        "lanes": [[person, lane] for person, lane in person_lanes.items()],
        "numHypotheses": poses.hypotheses.shape[1],
        "mode": _encode(poses.mode, "<i2"),
        "hypotheses": _encode(poses.hypotheses, "<i2"),
        "spread": _encode(poses.spread, "<u2"),
        "keypoints": _encode(poses.keypoints, "<f4"),
        "missing": _encode(poses.missing, "u1"),
    }


def lanes(frame: np.ndarray, person: np.ndarray, x: np.ndarray) -> dict[int | str, int]:
    """Places side by side, so that nobody shares one with another at the same time.

    Who comes may take the place of who has gone: a crowd in which few are seen at once
    needs few places.

    Args:
        frame: `(N,)`, number of the frame.
        person: `(N,)`, number or name of the person.
        x: `(N,)` pixels, where the person is; places are from left to right.

    Returns:
        For each person the place, 0 for the leftmost.
    """
    appearances = collections.defaultdict(list)
    for key, when, where in zip(person.tolist(), frame.tolist(), x.tolist()):
        appearances[key].append((when, where))
    last_frames, members = [], []
    for key in sorted(appearances, key=lambda key: (appearances[key][0][0], key)):
        first, last = appearances[key][0][0], appearances[key][-1][0]
        free = [i for i, end in enumerate(last_frames) if end < first]
        if free:
            lane = free[0]
        else:
            lane = len(last_frames)
            last_frames.append(0)
            members.append([])
        last_frames[lane] = last
        members[lane].append(key)
    members.sort(
        key=lambda keys: np.median([x for key in keys for _, x in appearances[key]])
    )
    return {key: lane for lane, keys in enumerate(members) for key in keys}


def render(data: dict, plotly: str) -> str:
    """The page.

    The page's policy lets the browser run its two scripts, no other, and load nothing:
    `data` may come from a file of somebody else.

    Args:
        data: What can be written as JSON.
        plotly: Source of plotly.js.
    """
    folder = importlib.resources.files("propose_keras.writers")
    scripts = {
        # Browsers hash what they read, in which line ends are plain.
        "plotly": re.sub("\r\n?", "\n", plotly).replace("</script", "<\\/script"),
        "script": (folder / "viewer.js").read_text("utf-8"),
    }
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts.values()
    )
    parts = scripts | {
        "policy": html.escape(
            f"default-src 'none'; script-src {hashes}; "
            "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"
        ),
        "style": (folder / "viewer.css").read_text("utf-8"),
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }
    template = (folder / "viewer.html").read_text("utf-8")
    # In one pass: what is filled in may look like a place to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)


def _encode(array: np.ndarray, dtype: str) -> str:
    if np.dtype(dtype).kind in "iu" and array.dtype.kind == "f":
        limits = np.iinfo(dtype)
        array = np.rint(array).clip(limits.min, limits.max)
    return base64.b64encode(np.ascontiguousarray(array, dtype).tobytes()).decode()


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME_LENGTH else name[:_MAX_NAME_LENGTH] + "…"
