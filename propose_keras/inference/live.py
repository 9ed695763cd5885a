"""Poses of frames as they come: one frame in, its people out."""

import dataclasses
from typing import Any

import numpy as np

from propose_keras.inference.batch_lifter import BatchLifter
from propose_keras.inference.batches import Notes
from propose_keras.inference.results import LiftedPoses
from propose_keras.inference.smoothing import LiveSmoother
from propose_keras.inference.sources import people_of
from propose_keras.inference.tracking import Tracker, without_duplicates
from propose_keras.keypoint_files import PersonKeypoints


class LiveLifter:
    """Follows, lifts and smooths people frame by frame, without looking ahead.

    Of `Lifter.live`. Sides that a detector exchanges are not put back, which takes
    the frames that follow.

    Args:
        lift: What lifts a batch.
        layout: See `Lifter.stream`.
        image_size: Width and height of the images in pixels, or None.
        intrinsics: fx, fy, cx, cy in pixels, or None.
        is_smooth: Whether to smooth poses.
    """

    def __init__(
        self,
        lift: BatchLifter,
        layout: str | None,
        image_size: tuple[float, float] | None,
        intrinsics: np.ndarray | None,
        is_smooth: bool,
    ) -> None:
        self._lift = lift
        self._layout, self._image_size = layout, image_size
        self._intrinsics = intrinsics
        self._notes = Notes(image_size, lift.score_threshold)
        self._tracker = Tracker()
        self._smoother = LiveSmoother() if is_smooth else None
        self._time = -1

    def __call__(self, keypoints: Any, time: int | None = None) -> LiftedPoses:
        """The people of the next frame.

        Args:
            keypoints: `(J, D)`, or `(people, J, D)` in any order: pixels, and with D
                = 3 scores in 0..1; or a list of `PersonKeypoints`. May be empty.
            time: Number of the frame, above that of the frame before; by default the
                one after it.

        Returns:
            A row for each person with enough joints; `person` is the track.

        Warns:
            KeypointWarning: As `Lifter.stream`, once for each thing.

        Raises:
            ValueError: If keypoints, layout or time are wrong, or the image size is
                not known.
        """
        time = self._time + 1 if time is None else time
        if time <= self._time:
            raise ValueError(
                f"Expected a `time` above {self._time}, that of the frame before, "
                f"received {time}."
            )
        self._time = time
        if len(keypoints) and not isinstance(keypoints[0], PersonKeypoints):
            keypoints = [keypoints]
        found = people_of(keypoints, self._layout, self._image_size, track=False)
        people = without_duplicates(list(found))
        numbers = self._tracker(time, people)
        self._notes.add(people)
        people = [
            dataclasses.replace(person, person=number, frame=time, time=time)
            for person, number in zip(people, numbers)
        ]
        poses = self._lift.lift_people(people, self._image_size, self._intrinsics)
        poses = dataclasses.replace(poses, warnings=self._notes.said)
        return self._smoother(poses) if self._smoother else poses
