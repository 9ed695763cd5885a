"""The lifter: 2D keypoints of any known layout in, distributions over 3D poses out."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from propose_keras import backend
from propose_keras.data.infilling import Infilling, default_detector_noise
from propose_keras.detection import Detector, Frames, detect
from propose_keras.inference.batch_lifter import BatchLifter
from propose_keras.inference.batches import lift_batches
from propose_keras.inference.fusion import View, fuse
from propose_keras.inference.live import LiveLifter
from propose_keras.inference.loading import load_model
from propose_keras.inference.model_camera import check_image_size, check_intrinsics
from propose_keras.inference.results import LiftedPoses
from propose_keras.inference.smoothing import LiveSmoother, smoothed
from propose_keras.inference.sources import people_of
from propose_keras.inputs import check_integer
from propose_keras.model import ProPose
from propose_keras.pose_model import NoiseModel
from propose_keras.presets import preset_card

# Frames over which the hypotheses of smoothed poses keep their noise, by default.
SMOOTH_CORRELATION_TIME = 30.0


class Lifter:
    """Lifts 2D keypoints to 3D hypotheses.

    Keypoints go through `convert_detections` into the model's joint order and missing
    joints are filled in (see `data.infilling`). A model that is told deviations gets
    those of the joints; with another every hypothesis starts from its own draw of what
    is not known of the keypoints. Either way the spread grows where the input is
    uncertain. Where nothing is uncertain the hypotheses are those of `model.sample`.
    One compiled program serves: the last batch is padded.

    Hypothesis i of the n-th person of the source is a function of the keypoints, the
    seed, n and i only; with a `correlation_time` of track and frame instead of n.

    Args:
        model: A `ProPose` or another `NoiseModel` of 17 joints, or the path of its
            `.keras` file or preset.
        num_hypotheses: S, at least 1.
        seed: Of the hypotheses, from 0 to 2^31 - 1.
        batch_size: People per call of the program. 1 gives the first result soonest.
        score_threshold: Joints whose score is lower are missing.
        keypoint_noise: Deviation per axis of a joint detected with score 0, in mm at
            the person's scale; `(1 - score)` times as much with a higher score. 0 takes
            measured joints at their word.
        detector_noise: Deviation that joints of any score have besides, mm. By default
            30 for a model that is told deviations (`PoseNormalization`), and 0 for
            others. With 0 joints of score 1 are exact.
        correlation_time: Frames over which the noise of a track's hypotheses is alike,
            so that hypothesis i is one motion, see `inference.trajectories`; the
            distribution of each frame stays the same. 0: each frame has noise of its
            own. By default 0, and 30 where poses are smoothed, which needs motions.
        smooth: Whether to smooth tracks along time, see `inference.smoothing`: False;
            True, by the frames before and after; or `"live"`, by those before alone.
        height: Stature of all people in metres, if known: poses get the size that it
            gives them, and places the distance.

    A lifter can be pickled, so that processes started by `"spawn"` can share the work.

    Attributes:
        model: The model.
        card: The model card of a preset, Markdown: data, licences, figures, limits;
            None of another model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is out of range or the file holds no such model.
        RuntimeError: If the process was forked from one that has made a lifter.

    Example:
    ```python
    lifter = Lifter.from_preset("propose_base", num_hypotheses=50)
    poses = lifter("alphapose-results.json", image_size=(1920, 1080))
    ```
    """

    def __init__(
        self,
        model: NoiseModel | str | os.PathLike,
        num_hypotheses: int = 200,
        seed: int = 0,
        batch_size: int = 16,
        score_threshold: float = 0.3,
        keypoint_noise: float = 50.0,
        detector_noise: float | None = None,
        correlation_time: float | None = None,
        smooth: bool | str = False,
        height: float | None = None,
    ) -> None:
        if smooth not in (False, True, "live"):
            raise ValueError(
                f"Expected `smooth` to be False, True or 'live', received {smooth!r}."
            )
        if correlation_time is None:
            correlation_time = SMOOTH_CORRELATION_TIME if smooth else 0.0
        if not 0 <= correlation_time < np.inf:
            raise ValueError(
                "Expected a `correlation_time` of at least 0 frames, received "
                f"{correlation_time}."
            )
        if smooth and not correlation_time:
            raise ValueError(
                "Smoothed poses need a `correlation_time` above 0: averaged over "
                "frames, hypotheses of independent noise would all be the same."
            )
        if height is not None and not 0.3 < height < 3.0:
            raise ValueError(f"Expected a `height` in metres, received {height}.")
        backend.check_not_forked()
        is_path = isinstance(model, str | os.PathLike)
        self.card: str | None = None
        self.model: Any = load_model(model, (NoiseModel,)) if is_path else model
        skeleton = self.model.normalization.skeleton.name
        if skeleton != "h36m17":
            raise ValueError(f"The model's joints are {skeleton!r}, expected 'h36m17'.")
        self.num_hypotheses = check_integer(num_hypotheses, "num_hypotheses", 1)
        self.seed = check_integer(seed, "seed", 0, 2**31 - 1)
        self.batch_size = check_integer(batch_size, "batch_size", 1)
        self.correlation_time = float(correlation_time)
        self.smooth = smooth
        mean_pose = np.asarray(self.model.normalization.mean_3d)
        if detector_noise is None:
            detector_noise = default_detector_noise(self.model.normalization)
        self._infilling = Infilling(
            mean_pose, score_threshold, keypoint_noise, detector_noise
        )
        self._lift = BatchLifter(
            *(self.model, self._infilling, self.num_hypotheses, self.seed),
            *(self.batch_size, self.correlation_time, height),
        )

    @classmethod
    def from_preset(cls, preset: str | os.PathLike, **kwargs: Any) -> "Lifter":
        """A lifter with a model that comes with the package, see `presets`.

        Args:
            preset: Name, such as `"propose_base"`, or path of a preset's folder.
            **kwargs: Further arguments of `Lifter`.
        """
        backend.check_not_forked()
        lifter = cls(ProPose.from_preset(preset), **kwargs)
        lifter.card = preset_card(preset)
        return lifter

    def __call__(
        self,
        source,
        layout: str | None = None,
        image_size: Sequence[float] | None = None,
        intrinsics: Sequence[float] | np.ndarray | None = None,
        track: bool | None = None,
    ) -> LiftedPoses:
        """Lifts everything in a source; arguments and errors as `stream`."""
        return LiftedPoses.concatenate(
            list(self.stream(source, layout, image_size, intrinsics, track))
        )

    def stream(
        self,
        source: Any,
        layout: str | None = None,
        image_size: Sequence[float] | None = None,
        intrinsics: Sequence[float] | np.ndarray | None = None,
        track: bool | None = None,
    ) -> Iterator[LiftedPoses]:
        """Lifts a source batch by batch, in constant memory.

        Args:
            source: One of
                - path of a detector's file or folder, see `read_keypoints`;
                - array `(J, D)` of one person, `(frames, J, D)`, or `(frames, people,
                  J, D)`: pixels, and with D = 3 scores in 0..1; people who are all NaN
                  are not there;
                - iterable of frames, each an array `(J, D)` or `(people, J, D)`;
                - iterable of `PersonKeypoints`.
            layout: Joint order, see `propose_keras.skeletons`. Needed for arrays of 17
                joints only.
            image_size: Width and height of the images in pixels. Without them, in the
                source or here, each person's hip is taken to lie in the middle of the
                image; a model of `scale="image"` then refuses to lift.
            intrinsics: fx, fy, cx, cy in pixels, or a camera matrix (3, 3), of a camera
                without distortion. They replace the model's assumed focal length and
                the image's size.
            track: Whether to find out who is who, see `inference.tracking`, and to put
                back sides that were exchanged in single frames, see `inference.sides`.
                None: only where the source does not say who is who.

        Yields:
            `LiftedPoses` of `batch_size` people, the last of fewer; smoothed, those of
            256 frames.

        Warns:
            KeypointWarning: Once for each thing that was changed on reading: scores
                above 1, fractions of the image. `LiftedPoses.warnings` has them, too.
            PersonWarning: A `KeypointWarning`, once, if the keypoints do not look like
                people: see `person_check`. After ten people, or at the end.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If keypoints or layout are wrong, the image size is not known,
                or nobody in the source has enough joints.
        """
        image_size = check_image_size(image_size)
        intrinsics = check_intrinsics(intrinsics)
        if self.smooth and track is False:
            raise ValueError(
                "Poses are smoothed along tracks: expected `track` to be True or None "
                "with `smooth`, received False."
            )
        people = people_of(source, layout, image_size, track)
        return self._smoothed(lift_batches(self._lift, people, image_size, intrinsics))

    def _smoothed(self, batches):
        if self.smooth == "live":
            return map(LiveSmoother(), batches)
        return smoothed(batches) if self.smooth else batches

    def live(
        self,
        layout: str | None = None,
        image_size: Sequence[float] | None = None,
        intrinsics: Sequence[float] | np.ndarray | None = None,
    ) -> LiveLifter:
        """What lifts frames as they come, following people from frame to frame.

        With `smooth`, poses are smoothed by the frames before them. A `batch_size` of
        as many people as are expected at once is fastest.

        Example:
        ```python
        live = lifter.live("coco17", image_size=(1280, 720))
        for frame in camera:
            poses = live(detector(frame))
        ```

        Args:
            layout: Joint order, see `stream`.
            image_size: See `stream`.
            intrinsics: See `stream`.

        Returns:
            A function of a frame's keypoints, see `LiveLifter`.
        """
        size, camera = check_image_size(image_size), check_intrinsics(intrinsics)
        return LiveLifter(self._lift, layout, size, camera, bool(self.smooth))

    def fuse(self, views: Sequence[View], layout: str | None = None) -> LiftedPoses:
        """Lifts people seen by several calibrated cameras at once.

        The product of the single views' distributions, see `inference.fusion`; with
        `smooth`, smoothed after.

        Args:
            views: What each camera saw, of the same frames.
            layout: Joint order, see `stream`.

        Returns:
            Poses and roots in the world's axes.

        Raises:
            ValueError: As `stream`, or if there are not two views of the same frames.
        """
        found = []
        for number, view in enumerate(views):
            size, camera = (
                check_image_size(view.image_size),
                check_intrinsics(view.intrinsics),
            )
            people = people_of(view.keypoints, layout, size)
            lift = self._lift.with_seed((self.seed + number) % 2**31)
            batches = lift_batches(lift, people, size, camera)
            found.append(LiftedPoses.concatenate(list(batches)))
        fused = fuse(
            found, [view.rotation for view in views], [view.position for view in views]
        )
        return LiftedPoses.concatenate(list(self._smoothed(iter([fused]))))

    def from_video(
        self,
        source: str | os.PathLike | int | Frames,
        detector: str | Detector = "mediapipe",
        intrinsics: Sequence[float] | np.ndarray | None = None,
        progress: bool = False,
    ) -> Iterator[LiftedPoses]:
        """Finds the people in pictures and lifts them batch by batch.

        The same as `stream(detection.detect(source, detector))`; images, folders of
        images, videos and cameras, in constant memory.

        Args:
            source: Path, or number of a camera; see `detection.open_frames`.
            detector: `"mediapipe"`, `"rtmpose"`, or see `detection.Detector`.
            intrinsics: See `stream`.
            progress: Whether to show a bar on standard error, if that is a terminal.

        Yields:
            As `stream`.

        Raises:
            ValueError: If it cannot be read, nobody is found, or as `stream`.
            ImportError: If the detector's package is not installed.
        """
        people = detect(source, detector, progress)
        return self.stream(people, intrinsics=intrinsics)
