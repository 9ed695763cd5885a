"""The lifter: 2D keypoints of any known layout in, distributions over 3D poses out."""

import functools
import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from propose_keras import backend, random
from propose_keras.data.infilling import MIN_JOINTS, Infilling, check_uncertainty
from propose_keras.detection import Detector, Frames, detect
from propose_keras.inference.loading import load_model
from propose_keras.inference.model_camera import (
    check_image_size,
    check_intrinsics,
    to_model_camera,
)
from propose_keras.inference.person_check import PersonCheck
from propose_keras.inference.placement import camera_of, place
from propose_keras.inference.results import LiftedPoses, numbers_or_names
from propose_keras.inference.sources import people_of
from propose_keras.inference.trajectories import grid_of, smooth_normal, track_seed
from propose_keras.inference.uncertain import draw_noise, lift_uncertain
from propose_keras.inputs import check_integer
from propose_keras.keypoint_files import KeypointWarning, PersonKeypoints
from propose_keras.model import ProPose
from propose_keras.pose_model import NoiseModel
from propose_keras.skeletons import H36M_17, convert_detections


class _Row(NamedTuple):
    """A person who waits to be lifted."""

    place: int  # Of the person in the source.
    person: PersonKeypoints
    keypoints: np.ndarray  # (17, 2) pixels, in the model's order.
    scores: np.ndarray  # (17,)
    image_size: tuple[float, float]


class Lifter:
    """Lifts 2D keypoints to 3D hypotheses.

    Keypoints go through `convert_detections` into the model's joint order; missing
    joints are filled in and every hypothesis starts from its own draw of what is not
    known of the keypoints (see `data.infilling`), so that the spread grows where
    the input is uncertain. Where every score is 1 the hypotheses are those of
    `model.sample`. One compiled program serves: the last batch is padded.

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
        correlation_time: Frames over which the noise of a track's hypotheses is alike,
            so that hypothesis i is one motion, see `inference.trajectories`; the
            distribution of each frame stays the same. 0: each frame has noise of its
            own.

    A lifter can be pickled, so that processes started by `"spawn"` can share the work.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is out of range or the file holds no such model.
        RuntimeError: If the process was forked from one that has made a lifter.

    Example:
    ```python
    lifter = Lifter.from_preset("propose_cmu", num_hypotheses=50)
    poses = lifter("alphapose-results.json", image_size=(1920, 1080))
    poses.mode, poses.hypotheses, poses.spread
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
        correlation_time: float = 0.0,
    ) -> None:
        check_uncertainty(score_threshold, keypoint_noise)
        if not 0 <= correlation_time < np.inf:
            raise ValueError(
                "Expected a `correlation_time` of at least 0 frames, received "
                f"{correlation_time}."
            )
        backend.check_not_forked()
        self.model: Any = model
        if isinstance(model, str | os.PathLike):
            self.model = load_model(model, (NoiseModel,))
        skeleton = self.model.normalization.skeleton.name
        if skeleton != "h36m17":
            raise ValueError(f"The model's joints are {skeleton!r}, expected 'h36m17'.")
        self.num_hypotheses = check_integer(num_hypotheses, "num_hypotheses", 1)
        self.seed = check_integer(seed, "seed", 0, 2**31 - 1)
        self.batch_size = check_integer(batch_size, "batch_size", 1)
        self.correlation_time = float(correlation_time)
        mean_pose = np.asarray(self.model.normalization.mean_3d)
        self._infilling = Infilling(mean_pose, score_threshold, keypoint_noise)
        self._compile()

    def _compile(self):
        self._compiled = backend.compile_function(
            self._lift_batch, tuple(self.model.variables)
        )

    def __getstate__(self):
        """The model and the settings; the program is compiled again."""
        return {name: v for name, v in vars(self).items() if name != "_compiled"}

    def __setstate__(self, state):
        vars(self).update(state)
        self._compile()

    @classmethod
    def from_preset(cls, preset: str | os.PathLike, **kwargs: Any) -> "Lifter":
        """A lifter with a model that comes with the package, see `presets`.

        Args:
            preset: Name, such as `"propose_cmu"`, or path of a preset's folder.
            **kwargs: Further arguments of `Lifter`.
        """
        backend.check_not_forked()
        return cls(ProPose.from_preset(preset), **kwargs)

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
            `LiftedPoses` of `batch_size` people, the last of fewer.

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
        waiting, num_lifted, num_skipped = [], 0, 0
        said: list[str] = []
        check = PersonCheck(image_size, self._infilling.score_threshold)
        people = people_of(source, layout, image_size, track)
        for index, person in enumerate(people):
            _say(map(KeypointWarning, person.notes), said)
            _say(check.add(person), said)
            keypoints, scores = convert_detections(
                person.keypoints, person.scores, person.layout
            )
            if not self._infilling.can_fill(keypoints, scores):
                num_skipped += 1
                continue
            size = image_size or person.image_size or (np.nan, np.nan)
            waiting.append(_Row(index, person, keypoints, scores, size))
            if len(waiting) == self.batch_size:
                yield self._lift(waiting, intrinsics, num_skipped, said)
                num_lifted += len(waiting)
                waiting, num_skipped = [], 0
        num_said = len(said)
        _say(check.finish(), said)
        if waiting or (num_lifted and (num_skipped or len(said) > num_said)):
            yield self._lift(waiting, intrinsics, num_skipped, said)
        elif not num_lifted:
            raise ValueError(
                f"There is nobody to lift: of {num_skipped} people none has "
                f"{MIN_JOINTS} joints with scores of at least "
                f"{self._infilling.score_threshold}."
            )

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
            FileNotFoundError: If there is no such file.
            ValueError: If it cannot be read, nobody is found, or as `stream`.
            ImportError: If the detector's package is not installed.
        """
        people = detect(source, detector, progress)
        return self.stream(people, intrinsics=intrinsics)

    def _lift(self, rows, intrinsics, num_skipped, said):
        """Lifts up to `batch_size` rows; rows may be empty."""
        used = [min(i, len(rows) - 1) for i in range(self.batch_size)] if rows else []
        count = len(rows)
        padded = [rows[i] for i in used]
        joints = H36M_17.num_joints
        keypoints = np.array([r.keypoints for r in padded]).reshape(-1, joints, 2)
        scores = np.array([r.scores for r in padded], np.float32).reshape(-1, joints)
        infilled = self._infilling(keypoints, scores)
        if rows:
            seen, size, scale = to_model_camera(
                infilled.keypoints,
                np.array([row.image_size for row in padded]),
                intrinsics,
                self.model.normalization,
            )
            lifted = self._compiled(
                ops.convert_to_tensor(seen),
                ops.convert_to_tensor(infilled.factor * scale[:, None, None]),
                ops.convert_to_tensor(size),
                *map(ops.convert_to_tensor, self._noise_of(padded)),
            )
            lifted = {k: ops.convert_to_numpy(v)[:count] for k, v in lifted.items()}
        else:
            lifted = _nothing(self.num_hypotheses)
        placement = place(
            *(lifted["mode"], lifted["hypotheses"], infilled.keypoints[:count]),
            np.where(infilled.missing, 0.0, scores)[:count],
            **camera_of(
                np.array([row.image_size for row in rows]).reshape(-1, 2),
                intrinsics,
                self.model.normalization.focal_length,
            ),
        )
        return LiftedPoses(
            frame=np.array([row.person.time for row in rows], np.int64),
            frame_name=[row.person.frame for row in rows],
            person=numbers_or_names([row.person.person for row in rows]),
            keypoints=infilled.keypoints[:count],
            scores=scores[:count],
            sides_exchanged=np.array([r.person.sides_exchanged for r in rows], bool),
            missing=infilled.missing[:count],
            num_skipped=num_skipped,
            warnings=tuple(said),
            **lifted,
            **placement._asdict(),
        )

    def _noise_of(self, rows):
        """Seeds of the rows' noise and, where it is smooth, the grid of their times."""
        if not self.correlation_time:
            return (np.array([(self.seed, row.place) for row in rows], np.int32),)
        seeds = [track_seed(self.seed, row.person.person) for row in rows]
        times = np.array([row.person.time for row in rows])
        return np.array(seeds, np.int32), *grid_of(times, self.correlation_time)

    def _lift_batch(self, keypoints, factor, image_size, row_seeds, *grid):
        """What is compiled; shapes as in `LiftedPoses`."""
        normal = random.normal
        if grid:
            normal = functools.partial(smooth_normal, points=grid[0], weights=grid[1])
        noise = draw_noise(self.model, row_seeds, self.num_hypotheses, normal)
        return lift_uncertain(self.model, keypoints, factor, image_size, *noise)


def _say(notes, said):
    """Warns of what was not said yet, where the caller asked for the next batch."""
    for note in notes:
        if str(note) not in said:
            said.append(str(note))
            warnings.warn(note, stacklevel=3)


def _nothing(num_hypotheses):
    joints = H36M_17.num_joints
    return {
        "mode": np.zeros((0, joints, 3), np.float32),
        "hypotheses": np.zeros((0, num_hypotheses, joints, 3), np.float32),
        "mean": np.zeros((0, joints, 3), np.float32),
        "spread": np.zeros((0, joints), np.float32),
        "spread_about_thorax": np.zeros((0, joints), np.float32),
        "mode_latent_log_prob": np.zeros((0,), np.float32),
    }
