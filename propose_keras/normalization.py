"""What is done to 2D and 3D poses before the networks; saved with the model."""

import keras
import numpy as np
from keras import ops

from propose_keras.inputs import check_image_size
from propose_keras.skeletons import get_skeleton

ROOT_MODES = ("keep", "remove")
SCALE_MODES = ("image", "pose")


@keras.saving.register_keras_serializable(package="propose_keras")
class PoseNormalization(keras.layers.Layer):
    """Pixels to the condition `c`, root-relative mm to the pose `P_3D`, and back.

    2D. Keypoints are centred on the root and divided by half the image's width
    (`scale="image"`, VideoPose3D's screen coordinates) or by the pose's own root mean
    square distance from the root (`scale="pose"`, which needs no image size once the
    root is removed). The root's row, which would be 0, holds the root's screen
    coordinates (`root="keep"`), which tell the viewing direction, or stays 0
    (`root="remove"`). Then each coordinate is standardised by the training set's mean
    and deviation. No calibrated camera is needed.

    3D. The pose relative to the root, minus the training set's mean pose, divided by
    one number, the root mean square deviation of all coordinates, so that distances
    keep their meaning.

    The statistics are weights: `adapt` fits them, saving keeps them.

    Args:
        skeleton: Name of the joint order, see `propose_keras.skeletons`.
        scale: `"image"` or `"pose"`.
        root: `"keep"` or `"remove"`.

    Raises:
        ValueError: If an argument is not one of the above.
    """

    def __init__(self, skeleton="h36m17", scale="image", root="keep", **kwargs):
        kwargs.setdefault("trainable", False)
        super().__init__(**kwargs)
        if scale not in SCALE_MODES:
            raise ValueError(f"`scale` must be one of {SCALE_MODES}, not {scale!r}.")
        if root not in ROOT_MODES:
            raise ValueError(f"`root` must be one of {ROOT_MODES}, not {root!r}.")
        self.skeleton = get_skeleton(skeleton)
        self.scale = scale
        self.root = root
        joints = self.skeleton.num_joints
        self.mean_2d = self._statistic("mean_2d", (joints, 2), "zeros")
        self.deviation_2d = self._statistic("deviation_2d", (joints, 2), "ones")
        self.mean_3d = self._statistic("mean_3d", (joints, 3), "zeros")
        self.deviation_3d = self._statistic("deviation_3d", (), "ones")
        self.built = True

    def _statistic(self, name, shape, initializer):
        return self.add_weight(
            shape=shape, initializer=initializer, trainable=False, name=name
        )

    @property
    def num_joints(self):
        """Number of joints, J."""
        return self.skeleton.num_joints

    @property
    def needs_image_size(self):
        """Whether the condition depends on the image's size."""
        return self.scale == "image" or self.root == "keep"

    def adapt(self, keypoints, image_size, pose_3d):
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
        features = ops.convert_to_numpy(self._features(keypoints, image_size))
        pose_3d = np.asarray(pose_3d, "float64")
        relative = pose_3d - pose_3d[:, self.skeleton.root, None]
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

    def normalize_keypoints(self, keypoints, image_size=None):
        """Pixels to the condition.

        Args:
            keypoints: `(batch, J, 2)` pixels.
            image_size: `(batch, 2)` or `(2,)`, width and height in pixels. May be None
                if `needs_image_size` is False.

        Returns:
            `(batch, J, 2)`, no unit.
        """
        features = self._features(keypoints, image_size)
        return (features - self.mean_2d) / self.deviation_2d

    def normalize_pose(self, pose_3d):
        """Poses `(..., J, 3)` mm to normalised poses of the same shape, root at 0."""
        pose_3d = ops.cast(pose_3d, "float32")
        root = self.skeleton.root
        relative = pose_3d - pose_3d[..., root : root + 1, :]
        return (relative - self.mean_3d) / self.deviation_3d

    def denormalize_pose(self, pose):
        """Normalised poses `(..., J, 3)` to root-relative mm; the root is exactly 0."""
        root = self.skeleton.root
        relative = pose * self.deviation_3d + self.mean_3d
        return relative - relative[..., root : root + 1, :]

    def _features(self, keypoints, image_size):
        keypoints = ops.cast(keypoints, "float32")
        index = self.skeleton.root
        root = keypoints[:, index : index + 1]
        centred = keypoints - root
        if self.needs_image_size:
            if image_size is None:
                raise ValueError(
                    "This model reads screen coordinates: pass `image_size`, the width "
                    "and height in pixels of the images that the keypoints are from."
                )
            image_size = check_image_size(image_size, keypoints.shape[0])
            image_size = ops.reshape(image_size, (-1, 1, 2))
            half_width = image_size[..., :1] / 2.0
            root = (root - image_size / 2.0) / half_width
        if self.scale == "image":
            centred = centred / half_width
        else:
            square = ops.mean(ops.sum(centred**2, axis=-1, keepdims=True), axis=1)
            centred = centred / ops.sqrt(square + 1e-12)[:, None]
        if self.root == "remove":
            root = ops.zeros_like(root)
        at_root = np.zeros((self.num_joints, 1), "float32")
        at_root[index] = 1.0
        return centred + at_root * root

    def call(self, keypoints, image_size=None):
        return self.normalize_keypoints(keypoints, image_size)

    def get_config(self):
        return {
            **super().get_config(),
            "skeleton": self.skeleton.name,
            "scale": self.scale,
            "root": self.root,
        }
