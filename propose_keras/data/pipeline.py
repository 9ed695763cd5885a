"""Endless batches from arrays in memory, a function of (seed, step) only."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator

import numpy as np

from propose_keras.data.arrays import PoseArrays
from propose_keras.data.cameras import project
from propose_keras.skeletons import H36M_17

Batch = tuple[dict[str, np.ndarray], np.ndarray]
Augmentation = Callable[[Batch, np.random.Generator], Batch]

# Keep the streams of order and augmentation apart under one seed.
_ORDER_STREAM, _AUGMENTATION_STREAM = 0, 1


def batches(
    arrays: PoseArrays,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    augmentations: tuple[Augmentation, ...] = (),
) -> Iterator[Batch]:
    """Yields shuffled batches without end.

    Epoch `e` goes through all rows in a permutation drawn from `(seed, e)`; the
    epochs are laid end to end and cut into batches, so a batch may span two epochs
    and none is partial. Step `t` is therefore a function of `(seed, t)` alone, and
    a run resumed with `start_step=t` sees what the interrupted run would have seen.
    Shuffling costs the permutation; the arrays stay where they are.

    Args:
        arrays: Rows to draw from.
        batch_size: Rows per batch.
        seed: Non-negative seed of order and augmentation.
        start_step: First step to yield.
        augmentations: Applied in order to each batch, each with the step's generator.
            They see the cameras too: `inputs` has `intrinsics` (B, 4), `distortion`
            (B, 5) and `rotation` (B, 3, 3), world to camera, for them.

    Yields:
        `({"keypoints": (B, 17, 2) pixels, "image_size": (B, 2) pixels},
        pose_3d (B, 17, 3) mm)`, float32.

    Raises:
        ValueError: If there are no rows, or a number is out of range.
    """
    num_rows = len(arrays)
    if num_rows == 0:
        raise ValueError("There are no rows to draw batches from.")
    if batch_size < 1 or start_step < 0 or seed < 0:
        raise ValueError(
            "Expected batch_size >= 1, start_step >= 0 and seed >= 0, received "
            f"{batch_size}, {start_step} and {seed}."
        )
    return _batches(arrays, batch_size, seed, start_step, augmentations)


def _batches(arrays, batch_size, seed, step, augmentations) -> Iterator[Batch]:
    num_rows = len(arrays)
    sizes = np.array([clip.image_size for clip in arrays.clips], np.float32)
    cameras = {
        name: np.array([getattr(clip, name) for clip in arrays.clips], np.float32)
        for name in ("intrinsics", "distortion", "rotation")
    }
    orders = collections.OrderedDict()

    def order(epoch: int) -> np.ndarray:
        if epoch not in orders:
            if len(orders) == 2:
                orders.popitem(last=False)
            generator = np.random.default_rng([seed, _ORDER_STREAM, epoch])
            orders[epoch] = generator.permutation(num_rows)
        return orders[epoch]

    while True:
        first, end = step * batch_size, (step + 1) * batch_size
        pieces = []
        while first < end:
            epoch, offset = divmod(first, num_rows)
            pieces.append(order(epoch)[offset : offset + end - first])
            first += len(pieces[-1])
        rows = np.concatenate(pieces)
        clips = arrays.clip_index[rows]
        batch = (
            {
                "keypoints": arrays.keypoints_2d[rows],
                "image_size": sizes[clips],
                **{name: values[clips] for name, values in cameras.items()},
            },
            arrays.pose_3d[rows],
        )
        generator = np.random.default_rng([seed, _AUGMENTATION_STREAM, step])
        for augmentation in augmentations:
            batch = augmentation(batch, generator)
        inputs, pose_3d = batch
        yield {k: v for k, v in inputs.items() if k not in cameras}, pose_3d
        step += 1


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
    """Augmentation that gives each pose a body of other proportions.

    Each bone's length is multiplied by a log-normal factor, the same for the left and
    the right one; directions and the hip's place stay. The keypoints move as their
    projections do, so that what they differ by from a projection, a detector's error,
    is kept. A data set of few people is one of few bodies: this keeps a model from
    learning them by heart (as PoseAug's bone lengths do; Gong et al. 2021).

    Must come before `random_flip`, which mirrors poses but not cameras.

    Args:
        deviation: Of the logarithm of the factors.
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
        return _moved(inputs, pose_3d, moved), moved

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
        angle = generator.uniform(-1, 1, (len(pose_3d), 1, 1)) * np.radians(max_angle)
        cosine, sine = np.cos(angle).astype("f4"), np.sin(angle).astype("f4")
        up = inputs["rotation"][:, None, :, 2]
        root = pose_3d[:, H36M_17.root, None]
        relative = pose_3d - root
        along = np.sum(up * relative, axis=-1, keepdims=True) * up
        # Rodrigues' formula.
        turned = along + cosine * (relative - along) + sine * np.cross(up, relative)
        moved = root + turned
        return _moved(inputs, pose_3d, moved), moved

    return augment


def _moved(inputs, before, after):
    """Inputs whose keypoints have moved as the projections of poses do."""
    camera = inputs["intrinsics"], inputs["distortion"]
    shift = project(after, *camera) - project(before, *camera)
    return {**inputs, "keypoints": inputs["keypoints"] + shift}


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
