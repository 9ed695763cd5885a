"""RTMPose through rtmlib."""

import contextlib
import io
import os
from collections.abc import Iterable, Iterator

import numpy as np

from propose_keras.detection.errors import DetectionError, import_extra
from propose_keras.detection.frames import Frame

_MODES = ("lightweight", "balanced", "performance")
_NUM_JOINTS = 17


class RTMPose:
    """RTMPose (Jiang et al., 2023) of 17 joints behind YOLOX, as rtmlib runs them.

    rtmlib fetches the weights into its own cache (`~/.cache/rtmlib`).

    Args:
        model: `"lightweight"`, `"balanced"` (the default) or `"performance"`.
        max_people: The surest ones of each frame, by default all.

    Raises:
        ImportError: If rtmlib or onnxruntime is not installed.
        ValueError: If there is no such model.
        DetectionError: If the weights cannot be fetched.
    """

    layout = "coco17"

    def __init__(
        self, model: str | os.PathLike | None = None, max_people: int | None = None
    ) -> None:
        install = "pip install rtmlib onnxruntime"
        rtmlib = import_extra("rtmlib", "RTMPose", install)
        import_extra("onnxruntime", "RTMPose", install)
        mode = "balanced" if model is None else os.fspath(model)
        if mode not in _MODES:
            raise ValueError(
                f"Expected as model of RTMPose one of {', '.join(_MODES)}, received "
                f"{mode!r}."
            )
        self._max_people = max_people
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # What it loads from where.
                self._body = rtmlib.Body(mode=mode, backend="onnxruntime", device="cpu")
        except Exception as error:  # Whatever a download and ONNX Runtime raise.
            raise DetectionError(
                f"rtmlib cannot load the weights of RTMPose {mode}: {error}. It "
                "fetches them on first use, which needs a network."
            ) from error

    def __call__(
        self, frames: Iterable[Frame]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Finds the people of each frame; see `Detector`."""
        for frame in frames:
            image = np.ascontiguousarray(frame.image[..., ::-1])  # As OpenCV has it.
            boxes = self._body.det_model(image)
            if len(boxes) == 0:  # `pose_model` would take the whole picture as one.
                yield np.zeros((0, _NUM_JOINTS, 2)), np.zeros((0, _NUM_JOINTS))
                continue
            keypoints, scores = self._body.pose_model(image, bboxes=boxes)
            # Peaks of SimCC's responses, which run above 1.
            scores = np.clip(scores, 0.0, 1.0)
            surest = np.argsort(-scores.mean(axis=1), kind="stable")
            kept = sorted(surest[: self._max_people].tolist())
            yield keypoints[kept], scores[kept]
