"""MediaPipe's Pose Landmarker."""

import collections
import contextlib
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from propose_keras.detection.errors import DetectionError, import_extra
from propose_keras.detection.frames import Frame
from propose_keras.detection.model_files import ModelFile
from propose_keras.keypoint_files.mediapipe_scores import score_of
from propose_keras.quiet_imports import without, without_notes

# BlazePose GHUM "full", Apache-2.0.
MODEL = ModelFile(
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/"
    "pose_landmarker_full/float16/1/pose_landmarker_full.task",
    "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
    "--detector_model (in Python, MediaPipePose(FILE))",
)
_NUM_LANDMARKS = 33
# Two people whose landmarks are this near each other, in parts of their extent, are
# one, found twice.
_SAME_PERSON = 0.15


class MediaPipePose:
    """MediaPipe's Pose Landmarker, with 33 landmarks of each person.

    Frames that follow each other are tracked, which takes half the time; with one
    person they are smoothed, too.

    Args:
        model: A `.task` file, see MediaPipe's "Pose Landmarker". By default its model
            "full", 9 MB, which is fetched once.
        max_people: How many to look for, 1 by default: the model is made for one
            person, each further one takes its time, and those found twice are left out.

    Raises:
        ImportError: If mediapipe is not installed.
        FileNotFoundError: If there is no such file.
        DetectionError: If it is no such model, or cannot be fetched.
    """

    layout = "mediapipe33"

    def __init__(
        self, model: str | os.PathLike | None = None, max_people: int | None = None
    ) -> None:
        # It loads TensorFlow, where that is installed, for its docstrings alone.
        with without_notes(), without("tensorflow"):
            self._mediapipe = import_extra(
                "mediapipe", "Finding people", 'pip install ".[detection]"'
            )
        if model is not None and not pathlib.Path(model).is_file():
            raise FileNotFoundError(f"There is no detector's model {model}.")
        self._model = MODEL.fetch() if model is None else pathlib.Path(model)
        self._max_people = max_people or 1
        landmarker = self._landmarker(is_video=False)  # Fails now if it is no model.
        with without_notes():
            landmarker.close()

    def _landmarker(self, is_video: bool) -> Any:
        tasks = self._mediapipe.tasks
        mode = tasks.vision.RunningMode
        options = tasks.vision.PoseLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(self._model)),
            running_mode=mode.VIDEO if is_video else mode.IMAGE,
            num_poses=self._max_people,
        )
        try:
            with without_notes():
                return tasks.vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise DetectionError(
                f"{self._model} is no model of MediaPipe's Pose Landmarker: {error} "
                "Expected a .task file as its authors publish them."
            ) from error

    def __call__(
        self, frames: Iterable[Frame]
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Finds the people of each frame; see `Detector`."""
        sizes: collections.deque[tuple[int, int]] = collections.deque()

        def noted() -> Iterator[Frame]:
            for frame in frames:
                sizes.append(frame.size)
                yield frame

        for people in self.landmarks(noted()):
            keypoints = people[..., :2] * sizes.popleft()
            scores = score_of(people[..., 2], people[..., 3])
            kept = distinct(keypoints, scores)
            yield keypoints[kept], scores[kept]

    def landmarks(self, frames: Iterable[Frame]) -> Iterator[np.ndarray]:
        """What MediaPipe gives for each frame.

        Yields:
            `(people, 33, 4)`: x and y in fractions of the picture, visibility,
            presence.
        """
        landmarker, last = None, -1
        try:
            for frame in frames:
                notes = contextlib.nullcontext()
                if landmarker is None:
                    landmarker = self._landmarker(frame.time is not None)
                    notes = without_notes()
                image = self._mediapipe.Image(
                    image_format=self._mediapipe.ImageFormat.SRGB,
                    data=np.ascontiguousarray(frame.image),
                )
                with notes:
                    if frame.time is None:
                        result = landmarker.detect(image)
                    else:
                        last = max(last + 1, round(frame.time * 1000))  # Must advance.
                        result = landmarker.detect_for_video(image, last)
                yield np.array(
                    [
                        [(m.x, m.y, m.visibility, m.presence) for m in marks]
                        for marks in result.pose_landmarks
                    ],
                    np.float64,
                ).reshape(-1, _NUM_LANDMARKS, 4)
        finally:
            if landmarker is not None:
                with without_notes():
                    landmarker.close()


def distinct(keypoints: np.ndarray, scores: np.ndarray) -> list[int]:
    """Places of the people without those found twice, of whom the surer one stays.

    Args:
        keypoints: `(people, J, 2)` pixels.
        scores: `(people, J)`.
    """
    kept: list[int] = []
    for place in np.argsort(-scores.mean(axis=1), kind="stable").tolist():
        extent = np.ptp(keypoints[place], axis=0).max()
        distances = [
            np.linalg.norm(keypoints[place] - keypoints[other], axis=-1).mean()
            for other in kept
        ]
        if all(distance > _SAME_PERSON * extent for distance in distances):
            kept.append(place)
    return sorted(kept)
