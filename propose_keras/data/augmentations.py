"""What training does to batches of poses, in NumPy.

An augmentation is a function of a batch and a generator. A batch is `(inputs, pose_3d)`
as `pipeline.batches` makes it; besides `keypoints` and `image_size`, its inputs hold
the cameras: `intrinsics` (B, 4), `distortion` (B, 5) and `rotation` (B, 3, 3), world
to camera.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from propose_keras.data.cameras import project
from propose_keras.skeletons import H36M_17

# Depth that a joint keeps at least when a person is moved.
_NEAREST_MM = 500.0
# Of `tilt`: share of people who lean and the deviation of their angle, share of those
# who lie and the range of their angle, degrees.
_LEANING, _LEAN, _LYING, _LIE = 0.25, 25.0, 0.05, (60.0, 100.0)

Batch = tuple[dict[str, np.ndarray], np.ndarray]
Augmentation = Callable[[Batch, np.random.Generator], Batch]


def flip(
    keypoints: np.ndarray,
    image_size: np.ndarray,
    pose_3d: np.ndarray,
    order: tuple[int, ...] = H36M_17.flip,
) -> tuple[np.ndarray, np.ndarray]:
    """Mirrors poses left to right, in the image and in space.

    The image is mirrored about its middle and space about the camera's y-z plane;
    the two agree up to the distance of the principal point from the middle.

    Args:
        keypoints: Pixels, `(B, J, 2)`.
        image_size: Width and height, `(B, 2)` pixels.
        pose_3d: Camera-frame positions, `(B, J, 3)` mm.
        order: Permutation of the joints that swaps left and right.

    Returns:
        Mirrored keypoints and poses, new arrays.
    """
    keypoints = keypoints[:, order, :]
    keypoints[..., 0] = image_size[:, None, 0] - keypoints[..., 0]
    pose_3d = pose_3d[:, order, :]
    pose_3d[..., 0] *= -1
    return keypoints, pose_3d


def random_flip(probability: float = 0.5) -> Augmentation:
    """Augmentation that mirrors each row with the given probability."""

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        chosen = generator.random(len(pose_3d)) < probability
        flipped = flip(inputs["keypoints"], inputs["image_size"], pose_3d)
        mask = chosen[:, None, None]
        keypoints = np.where(mask, flipped[0], inputs["keypoints"])
        return {**inputs, "keypoints": keypoints}, np.where(mask, flipped[1], pose_3d)

    return augment


def other_bodies(deviation: float) -> Augmentation:
    """Augmentation that gives each pose a body of other size and proportions.

    Each bone's length is multiplied by two log-normal factors: one of its own, the same
    for the left and the right bone, and one of the whole body. Directions stay, and the
    person is moved up or down so that the lowest joint keeps its height above the
    floor (the world's z axis points up). The keypoints move as the projections do, so
    that what they differ by from a projection, a detector's error, is kept.

    A data set of few people is one of few bodies: this keeps a model from learning them
    by heart, as PoseAug's bone lengths do (Gong et al., CVPR 2021). Must come before
    `random_flip`, which mirrors poses but not cameras.

    Args:
        deviation: Of the logarithm of each factor.
    """
    skeleton = H36M_17
    # Bones that share a factor: the right one's stands for both.
    shared = np.arange(skeleton.num_joints)
    shared[list(skeleton.left)] = skeleton.right
    # Moving a joint's bone moves all that hang on it: sums over the way to the root.
    ways = np.zeros((skeleton.num_joints, skeleton.num_joints), np.float32)
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            ways[joint] = ways[parent]
            ways[joint, joint] = 1.0
    parents = np.maximum(skeleton.parents, 0)

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        shape = (len(pose_3d), skeleton.num_joints)
        noise = generator.standard_normal(shape, dtype=np.float32)
        # The root has no bone: its number is the body's.
        logarithm = noise[:, shared] + noise[:, skeleton.root, None]
        factor = np.exp(np.float32(deviation) * logarithm)[..., None]
        bones = (pose_3d - pose_3d[:, parents]) * (factor - 1)
        moved = pose_3d + ways @ bones
        up = inputs["rotation"][:, None, :, 2]
        lowest = [np.min(np.sum(up * p, axis=-1), axis=1) for p in (pose_3d, moved)]
        moved += (lowest[0] - lowest[1])[:, None, None] * up
        return _move(inputs, pose_3d, moved)

    return augment


def turn(max_angle: float) -> Augmentation:
    """Augmentation that turns each person on the spot, as another camera would see it.

    The axis is the world's z axis, which points up, through the hip. Must come before
    `random_flip`, which mirrors poses but not cameras. Keypoints move as with
    `other_bodies`.

    Args:
        max_angle: Largest angle to either side, degrees; 180 is all the way round.
    """

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        angle = generator.uniform(-1, 1, len(pose_3d)) * np.radians(max_angle)
        turned = _turn(pose_3d, inputs["rotation"][:, :, 2], angle)
        return _move(inputs, pose_3d, turned)

    return augment


def tilt() -> Augmentation:
    """Augmentation that lets some people lean, and a few lie, in any direction.

    A quarter lean, with a standard deviation of 25 degrees, which also shows them from
    above and below; one in twenty lies. They are turned about the hip, without regard
    to the floor. Must come before `random_flip`, which mirrors poses but not cameras.
    Keypoints move as with `other_bodies`.
    """

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        count = len(pose_3d)
        kind = generator.random(count)
        angle = np.radians(_LEAN) * generator.standard_normal(count)
        angle[kind > _LEANING] = 0.0
        lying = kind > 1 - _LYING
        angle[lying] = np.radians(generator.uniform(*_LIE, lying.sum()))
        heading = generator.uniform(0, 2 * np.pi, count)
        axis = np.stack([np.cos(heading), np.sin(heading), 0 * heading], axis=-1)
        axis = np.einsum("nij,nj->ni", inputs["rotation"], axis)
        return _move(inputs, pose_3d, _turn(pose_3d, axis, angle))

    return augment


def _turn(pose_3d, axis, angle):
    """Poses turned about axes `(B, 3)` through the hip by angles `(B,)` in radians."""
    axis = axis[:, None].astype(np.float32)
    angle = angle[:, None, None]
    cosine, sine = np.cos(angle).astype("f4"), np.sin(angle).astype("f4")
    root = pose_3d[:, H36M_17.root, None]
    relative = pose_3d - root
    along = np.sum(axis * relative, axis=-1, keepdims=True) * axis
    # Rodrigues' formula.
    turned = along + cosine * (relative - along) + sine * np.cross(axis, relative)
    return root + turned


def shift(deviation: float) -> Augmentation:
    """Augmentation that moves each person on the floor.

    The floor is level in the world, whose z axis points up. Must come before
    `random_flip`, which mirrors poses but not cameras. Keypoints move as with
    `other_bodies`.

    Args:
        deviation: Of the shift along each of the floor's two axes, mm.
    """

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        noise = generator.standard_normal((len(pose_3d), 1, 2), dtype=np.float32)
        axes = inputs["rotation"][:, :, :2]
        moved = np.float32(deviation) * noise @ axes.swapaxes(1, 2)
        return _move(inputs, pose_3d, pose_3d + moved)

    return augment


def _move(inputs, before, after):
    """A batch whose keypoints have moved as the projections of poses do.

    People who would come too near the camera, or behind it, stay as they were.
    """
    is_near = np.min(after[..., 2], axis=1) < _NEAREST_MM
    after = np.where(is_near[:, None, None], before, after)
    camera = inputs["intrinsics"], inputs["distortion"]
    shift = project(after, *camera) - project(before, *camera)
    return {**inputs, "keypoints": inputs["keypoints"] + shift}, after


def keypoint_noise(standard_deviation: float) -> Augmentation:
    """Augmentation that adds Gaussian noise to the 2D joints.

    Meant for projected ground truth, which is cleaner than any detector.

    Args:
        standard_deviation: Of each coordinate, pixels.
    """

    def augment(batch: Batch, generator: np.random.Generator) -> Batch:
        inputs, pose_3d = batch
        keypoints = inputs["keypoints"]
        noise = generator.standard_normal(keypoints.shape, dtype=np.float32)
        keypoints = keypoints + np.float32(standard_deviation) * noise
        return {**inputs, "keypoints": keypoints}, pose_3d

    return augment
