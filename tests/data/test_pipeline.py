import itertools

import numpy as np
import pytest

from propose_keras.data import Clip, PoseArrays, batches
from propose_keras.data.augmentations import keypoint_noise, random_flip

NUM_ROWS = 10


@pytest.fixture
def arrays():
    clip = Clip(
        subject="S1",
        action="Walking",
        take="1",
        camera="a",
        frame_rate=50.0,
        image_size=(1000, 1002),
        intrinsics=np.array([1100.0, 1100, 500, 501], np.float32),
        distortion=np.zeros(5, np.float32),
        rotation=np.eye(3, dtype=np.float32),
        translation=np.zeros(3, np.float32),
        num_frames=NUM_ROWS,
    )
    rows = np.arange(NUM_ROWS, dtype=np.float32)[:, None, None]
    return PoseArrays(
        keypoints_2d=np.broadcast_to(rows, (NUM_ROWS, 17, 2)).copy(),
        pose_3d=np.broadcast_to(rows, (NUM_ROWS, 17, 3)).copy(),
        clips=[clip],
        clip_index=np.zeros(NUM_ROWS, np.int32),
        frame_index=np.arange(NUM_ROWS, dtype=np.int32),
    )


def rows_of(batch):
    return batch[1][:, 0, 0].astype(int).tolist()


def take(arrays, num, **kwargs):
    return list(itertools.islice(batches(arrays, **kwargs), num))


def assert_batches_equal(first, second):
    for (inputs, pose), (other_inputs, other_pose) in zip(first, second, strict=True):
        np.testing.assert_array_equal(pose, other_pose)
        for name, values in inputs.items():
            np.testing.assert_array_equal(values, other_inputs[name])


def test_batch_contract(arrays):
    inputs, pose_3d = next(batches(arrays, 4, seed=0))
    assert set(inputs) == {"keypoints", "image_size"}
    assert inputs["keypoints"].shape == (4, 17, 2)
    np.testing.assert_array_equal(inputs["image_size"], [[1000, 1002]] * 4)
    assert pose_3d.shape == (4, 17, 3)
    assert {a.dtype for a in (*inputs.values(), pose_3d)} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(inputs["keypoints"][:, 0, 0], pose_3d[:, 0, 0])


@pytest.mark.parametrize("batch_size", [3, 4, 10, 25])
def test_every_epoch_has_every_row_once(arrays, batch_size):
    stream = take(arrays, 50, batch_size=batch_size, seed=3)
    rows = list(itertools.chain(*map(rows_of, stream)))
    epochs = [rows[i : i + NUM_ROWS] for i in range(0, len(rows), NUM_ROWS)][:-1]
    assert all(sorted(epoch) == list(range(NUM_ROWS)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


@pytest.mark.parametrize("start", [1, 3, 7, 1000])
def test_resuming_is_exact(arrays, start):
    options = {
        "batch_size": 3,
        "seed": 5,
        "augmentations": (random_flip(), keypoint_noise(2.0)),
    }
    through = take(arrays, start + 5, **options)[start:]
    assert_batches_equal(through, take(arrays, 5, start_step=start, **options))


def test_seed_changes_order_and_noise(arrays):
    options = {"batch_size": NUM_ROWS, "augmentations": (keypoint_noise(1.0),)}
    first, second = (take(arrays, 1, seed=s, **options)[0] for s in (0, 1))
    assert rows_of(first) != rows_of(second)
    noise = [b[0]["keypoints"] - b[1][..., :2] for b in (first, second)]
    assert not np.allclose(*noise)


def test_augmentation_leaves_the_arrays_alone(arrays):
    before = arrays.keypoints_2d.copy(), arrays.pose_3d.copy()
    take(arrays, 5, batch_size=4, seed=0, augmentations=(random_flip(1.0),))
    np.testing.assert_array_equal(arrays.keypoints_2d, before[0])
    np.testing.assert_array_equal(arrays.pose_3d, before[1])


def test_bad_numbers_are_refused(arrays):
    with pytest.raises(ValueError, match="batch_size >= 1"):
        batches(arrays, 0, seed=0)
    with pytest.raises(ValueError, match="start_step >= 0"):
        batches(arrays, 4, seed=0, start_step=-1)
    with pytest.raises(ValueError, match="no rows"):
        batches(arrays.subset([]), 4, seed=0)
