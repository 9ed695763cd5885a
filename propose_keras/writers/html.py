"""A page that shows lifted poses in a browser: one file that needs nothing else."""

import base64
import hashlib
import html
import importlib.resources
import json
import os
import pathlib
import re

from propose_keras.detection import Frames
from propose_keras.inference.results import LiftedPoses
from propose_keras.writers.base import PoseWriter, Progress, no_progress
from propose_keras.writers.page_data import FrameSample, MotionCheck, page_data, short
from propose_keras.writers.page_pictures import check_pillow, page_pictures

# In the order in which they follow each other in one function.
_SCRIPTS = ("data.js", "places.js", "space.js", "image.js", "page.js")


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

    Several people stand in one scene, at their `root` in the camera's frame with the
    paths of their roots on the floor, or side by side where the camera is not known.
    The mode is drawn as bones, or a hypothesis of the reader's choice. The spread of
    people whose hips were not seen is `spread_about_thorax`.

    A file that fits a browser holds a part of a long source only: every frame, or every
    second, fourth, eighth and so on, so that more than half of `max_frames` frames are
    shown, or all there are. All people of a frame shown are shown. Lengths are rounded
    to mm.

    Rows are frames in order; one frame's people may be in two batches.

    Args:
        path: The page, `.html`.
        num_hypotheses: How many of each pose's hypotheses, the first ones.
        max_frames: How many frames at the most.
        frames: The pictures that the people were found in, under the names that the
            poses have, which are read a second time and put behind the keypoints: up to
            600, no more than 720 pixels wide or high, 16 MB together. Those of a
            camera cannot be read again.
        progress: Shows how far the reading of pictures is.

    Raises:
        ImportError: If plotly is not installed, or Pillow for pictures.
        ValueError: If the suffix is none of `SUFFIXES`, or a number is below 1;
            on leaving the `with` block, if nothing was written.
        OSError: If the folder cannot be written to, or `path` is a folder.
    """

    SUFFIXES = (".html", ".htm")
    OPTIONS = ("max_frames", "frames", "progress")

    def __init__(
        self,
        path: str | os.PathLike,
        num_hypotheses: int = 20,
        max_frames: int = 600,
        frames: Frames | None = None,
        progress: Progress | None = None,
    ) -> None:
        for name, value in (
            ("num_hypotheses", num_hypotheses),
            ("max_frames", max_frames),
        ):
            if value < 1:
                raise ValueError(f"`{name}` must be at least 1, received {value}.")
        self._plotly = plotly_source()
        self._source = frames if frames is not None and frames.can_be_reread else None
        if self._source is not None:
            check_pillow()
        super().__init__(path)
        self._progress = progress or no_progress
        self._frames, self._motions = FrameSample(max_frames), MotionCheck()
        self._num_hypotheses = num_hypotheses
        self._num_drawn, self._num_skipped = 0, 0

    def write(self, poses: LiftedPoses) -> None:
        """Appends a batch."""
        self._num_skipped += poses.num_skipped
        self._num_drawn = max(self._num_drawn, poses.hypotheses.shape[1])
        for row in range(len(poses)):
            one = poses.take(row, self._num_hypotheses)
            self._frames.add(one)
            self._motions.add(one)

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
        data["title"] = short(self.path.name)
        data["areMotions"] = self._motions.are_motions
        data["pictures"], data["picturesNote"] = [], ""
        if self._source is not None:
            data["pictures"], data["picturesNote"] = page_pictures(
                self._source, self._frames.names, self._progress
            )
        data["numDrawn"], data["numSkipped"] = self._num_drawn, self._num_skipped
        finished = self._folder / "finished.html"
        finished.write_text(render(data, self._plotly), "utf-8", newline="\n")
        return {self.path: finished}


def render(data: dict, plotly: str) -> str:
    """The page.

    The page's policy lets the browser run its two scripts, no other, and load nothing:
    `data` may come from a file of somebody else.

    Args:
        data: What can be written as JSON.
        plotly: Source of plotly.js.
    """
    folder = importlib.resources.files("propose_keras.writers") / "viewer"
    sources = [(folder / name).read_text("utf-8") for name in _SCRIPTS]
    scripts = {
        # Browsers hash what they read, in which line ends are plain.
        "plotly": re.sub("\r\n?", "\n", plotly).replace("</script", "<\\/script"),
        "script": f'"use strict";\n(async () => {{\n{"".join(sources)}}})();\n',
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
        "style": (folder / "page.css").read_text("utf-8"),
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }
    template = (folder / "page.html").read_text("utf-8")
    # In one pass: what is filled in may look like a place to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template)
