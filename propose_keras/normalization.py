"""What is done to 2D and 3D poses before the networks; saved with the model."""

from typing import Any

import keras
import numpy as np
from keras import ops

from propose_keras.geometry import root_centre, rotate, turn_to_front
from propose_keras.inputs import check_image_size, check_keypoints
from propose_keras.normalization_settings import NormalizationSettings
from propose_keras.skeletons import get_skeleton
from propose_keras.types import Tensor, TensorLike

# Of rays of length 1: joints further than 84 degrees from the root are moved in.
_LEAST_DEPTH = 0.1
# Deviations of keypoints, as shares of the pose's size, are seen on a logarithmic scale
# that is linear below the first and 1 at the second.
_FINE_DEVIATION, _COARSE_DEVIATION = 0.01, 0.4


@keras.saving.register_keras_serializable(package="propose_keras")
class PoseNormalization(keras.layers.Layer):
    """Pixels to the condition `c`, root-relative mm to the pose `P_3D`, and back.

    2D. Keypoints are centred on the root and divided by half the image's width
    (`scale="image"`, VideoPose3D's screen coordinates) or by the pose's own root mean
    square distance from the root (`scale="pose"`, which needs no image size once the
    root is removed). The root's row, which would be 0, holds the root's screen
    coordinates (`root="keep"`), which tell the viewing direction, or stays 0
    (`root="remove"`, and `root="ray"`, below). Then each coordinate is standardised by
    the training set's mean and deviation. No calibrated camera is needed.

    3D. The pose relative to the root, minus the training set's mean pose, divided by
    one number, the root mean square deviation of all coordinates, so that distances
    keep their meaning.

    With `root="ray"` 2D and 3D are those of a camera that was turned about its centre
    until it looks straight at the root (by the shortest way): the networks never learn
    a viewing direction, and poses are turned back afterwards. Angles follow from pixels
    by an assumed focal length, the same in training and use; where the real one is
    known, `Lifter` takes it into account.

    With `deviation_input` keypoints may be `(batch, J, 3)`: x, y and the standard
    deviation of both, pixels; where they are `(batch, J, 2)`, `assumed_deviation`, a
    share of the pose's size, is that of all joints. The condition's third number is
    `log(1 + d / 0.01) / log(41)` of the deviation d as a share of the pose's size.

    The statistics are weights: `adapt` fits them, saving keeps them.

    Args:
        skeleton: Name of the joint order, see `propose_keras.skeletons`.
        scale: `"image"` or `"pose"`.
        root: `"keep"`, `"remove"` or `"ray"`.
        focal_length: Assumed focal length, as a share of the longer side of the image.
            Human3.6M's cameras have 1.15.
        deviation_input: Whether networks are told how uncertain each keypoint is.

    Raises:
        ValueError: If an argument is not one of the above.
    """

    def __init__(
        self,
        skeleton: str = "h36m17",
        scale: str = NormalizationSettings.scale,
        root: str = NormalizationSettings.root,
        focal_length: float = NormalizationSettings.focal_length,
        deviation_input: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("trainable", False)
        super().__init__(**kwargs)
        NormalizationSettings(scale, root, focal_length, deviation_input)  # Checks.
        self.skeleton = get_skeleton(skeleton)
        self.focal_length = focal_length
        self.scale = scale
        self.root = root
        joints = self.skeleton.num_joints
        self.mean_2d = self._statistic("mean_2d", (joints, 2), "zeros")
        self.deviation_2d = self._statistic("deviation_2d", (joints, 2), "ones")
        self.mean_3d = self._statistic("mean_3d", (joints, 3), "zeros")
        self.deviation_3d = self._statistic("deviation_3d", (), "ones")
        self.deviation_input = deviation_input
        if deviation_input:
            self.assumed_deviation = self._statistic("assumed_deviation", (), "zeros")
        self.built = True

    def _statistic(self, name, shape, initializer):
        return self.add_weight(
            shape=shape, initializer=initializer, trainable=False, name=name
        )

    @property
    def num_joints(self) -> int:
        """Number of joints, J."""
        return self.skeleton.num_joints

    @property
    def needs_image_size(self) -> bool:
        """Whether the condition depends on the image's size."""
        return self.scale == "image" or self.root != "remove"

    @property
    def num_inputs(self) -> int:
        """Numbers of each joint of the condition: 2, or 3 with its deviation."""
        return 3 if self.deviation_input else 2

    def check_keypoints(self, keypoints: TensorLike) -> Tensor:
        """Keypoints as a float32 tensor `(batch, J, num_inputs)`.

        Args:
            keypoints: `(batch, J, 2)` pixels, or `(batch, J, 3)` with deviations.

        Raises:
            ValueError: If the shape is another, the batch empty or a value of a NumPy
                array not finite.
        """
        keypoints = check_keypoints(keypoints, self.num_joints, self.deviation_input)
        if keypoints.shape[-1] == self.num_inputs:
            return keypoints
        deviation = self.assumed_deviation * self._size_of(keypoints)
        deviation = ops.broadcast_to(deviation, ops.shape(keypoints[..., :1]))
        return ops.concatenate([keypoints, deviation], axis=-1)

    def set_assumed_deviation(self, share: float) -> None:
        """Sets the deviation of keypoints that come without one.

        Args:
            share: Of the pose's size, the root mean square distance of its joints from
                the root (about 550 mm for a grown-up); 0 takes keypoints for exact.

        Raises:
            ValueError: If the model is not told deviations, or `share` is negative.
        """
        if not self.deviation_input or not 0 <= share < np.inf:
            raise ValueError(
                "Expected a share of at least 0, of a model with `deviation_input`. "
                f"Received: {share=}, deviation_input={self.deviation_input}."
            )
        self.assumed_deviation.assign(share)

    def adapt(
        self, keypoints: TensorLike, image_size: TensorLike, pose_3d: TensorLike
    ) -> None:
        """Fits the statistics.

        Args:
            keypoints: `(N, J, 2)` pixels.
            image_size: `(N, 2)` or `(2,)`, width and height in pixels.
            pose_3d: `(N, J, 3)` mm.

        Raises:
            ValueError: If there are no poses or a value is not finite.
        """
        if len(keypoints) == 0:
            raise ValueError("Cannot fit the normalisation to 0 poses.")
        features, view = self._features(keypoints, image_size)
        features = ops.convert_to_numpy(features)
        pose_3d = np.asarray(pose_3d, "float64")
        relative = pose_3d - pose_3d[:, self.skeleton.root, None]
        if view is not None:
            view = ops.convert_to_numpy(view).astype("float64")
            relative = relative @ view.swapaxes(-1, -2)
        if not (np.isfinite(features).all() and np.isfinite(relative).all()):
            raise ValueError(
                "Cannot fit the normalisation: keypoints or poses hold NaN or infinity."
            )
        features = features.astype("float64")
        deviation = features.std(axis=0)
        self.mean_2d.assign(features.mean(axis=0))
        self.deviation_2d.assign(np.where(deviation > 1e-6, deviation, 1.0))
        mean = relative.mean(axis=0)
        deviation = np.sqrt(np.mean((relative - mean) ** 2))
        self.mean_3d.assign(mean)
        self.deviation_3d.assign(deviation if deviation > 1e-6 else 1.0)

    def observe(
        self, keypoints: TensorLike, image_size: TensorLike = None
    ) -> tuple[Tensor, Tensor | None]:
        """What the networks see of keypoints, and from where.

        Args:
            keypoints: `(batch, J, 2)` pixels, or with deviations.
            image_size: `(batch, 2)` or `(2,)`, width and height in pixels. May be None
                if `needs_image_size` is False.

        Returns:
            The condition `c`, `(batch, J, num_inputs)`, no unit; and the rotation from
            the camera's frame into the networks', `(batch, 3, 3)`, for `normalize_pose`
            and `denormalize_pose`. The rotation is None unless `root="ray"`.
        """
        keypoints = self.check_keypoints(keypoints)
        features, view = self._features(keypoints[..., :2], image_size)
        condition = (features - self.mean_2d) / self.deviation_2d
        if self.deviation_input:
            deviation = keypoints[..., 2:] / self._size_of(keypoints[..., :2])
            deviation = ops.log(1.0 + deviation / _FINE_DEVIATION)
            deviation = deviation / np.log1p(_COARSE_DEVIATION / _FINE_DEVIATION)
            condition = ops.concatenate([condition, deviation], axis=-1)
        return condition, view

    def normalize_keypoints(
        self, keypoints: TensorLike, image_size: TensorLike = None
    ) -> Tensor:
        """The condition alone, `(batch, J, num_inputs)`; see `observe`."""
        return self.observe(keypoints, image_size)[0]

    def normalize_pose(self, pose_3d: TensorLike, view: Tensor = None) -> Tensor:
        """Camera-frame poses `(batch, ..., J, 3)` mm to normalised ones, root at 0.

        Args:
            pose_3d: Poses of one person a row; need not be root-relative.
            view: Of `observe`, for the same rows.
        """
        relative = root_centre(ops.cast(pose_3d, "float32"), self.skeleton.root)
        if view is not None:
            relative = rotate(relative, view)
        return (relative - self.mean_3d) / self.deviation_3d

    def denormalize_pose(self, pose: Tensor, view: Tensor = None) -> Tensor:
        """Normalised poses to root-relative mm; the root is exactly 0.

        Args:
            pose: `(batch, ..., J, 3)`.
            view: Of `observe`, for the same rows.
        """
        relative = pose * self.deviation_3d + self.mean_3d
        relative = root_centre(relative, self.skeleton.root)
        if view is None:
            return relative
        return rotate(relative, ops.swapaxes(view, -1, -2))

    def _features(self, keypoints, image_size):
        """Features `(batch, J, 2)` before standardisation, and the view."""
        keypoints = ops.cast(keypoints, "float32")[..., :2]
        index, view = self.skeleton.root, None
        if self.root == "ray":
            rays = self._rays(keypoints, image_size)
            view = turn_to_front(rays[:, index])
            rays = rotate(rays, view)
            # In units of half the longer side, as screen coordinates are.
            depth = ops.maximum(rays[..., 2:], _LEAST_DEPTH)
            keypoints = 2.0 * self.focal_length * rays[..., :2] / depth
        root = keypoints[:, index : index + 1]
        centred = keypoints - root
        half_width = 1.0
        if self.root == "keep" or (self.scale == "image" and self.root == "remove"):
            size = self._image_size(keypoints, image_size)
            half_width = size[..., :1] / 2.0
            root = (root - size / 2.0) / half_width
        if self.scale == "image":
            centred = centred / half_width
        else:
            centred = centred / self._size_of(keypoints)
        if self.root != "keep":
            root = ops.zeros_like(root)
        at_root = np.zeros((self.num_joints, 1), "float32")
        at_root[index] = 1.0
        return centred + at_root * root, view

    def _size_of(self, keypoints):
        """Root mean square distance of the joints from the root, `(batch, 1, 1)`."""
        centred = root_centre(keypoints, self.skeleton.root)
        square = ops.mean(ops.sum(centred**2, axis=-1, keepdims=True), axis=1)
        return ops.sqrt(square + 1e-12)[:, None]

    def _rays(self, keypoints, image_size):
        """Unit vectors `(batch, J, 3)` from the camera's centre through the joints."""
        keypoints = ops.cast(keypoints, "float32")
        size = self._image_size(keypoints, image_size)
        focal_length = self.focal_length * ops.max(size, axis=-1, keepdims=True)
        plane = (keypoints - size / 2.0) / focal_length
        rays = ops.concatenate([plane, ops.ones_like(plane[..., :1])], axis=-1)
        return rays / ops.sqrt(ops.sum(rays**2, axis=-1, keepdims=True))

    def _image_size(self, keypoints, image_size):
        """`(batch or 1, 1, 2)` pixels."""
        if image_size is None:
            raise ValueError(
                "This model reads screen coordinates: pass `image_size`, the width "
                "and height in pixels of the images that the keypoints are from."
            )
        image_size = check_image_size(image_size, keypoints.shape[0])
        return ops.reshape(image_size, (-1, 1, 2))

    def call(self, keypoints: TensorLike, image_size: TensorLike = None) -> Tensor:
        return self.normalize_keypoints(keypoints, image_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "skeleton": self.skeleton.name,
            "scale": self.scale,
            "root": self.root,
            "focal_length": self.focal_length,
            "deviation_input": self.deviation_input,
        }
