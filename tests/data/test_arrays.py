import numpy as np
import pytest

from propose_keras.data import Clip, PoseArrays, split_validation


def make_clip(subject="S1", action="Walking", camera="a", frames=10, rate=50.0):
    return Clip(
        subject=subject,
        action=action,
        take="1",
        camera=camera,
        frame_rate=rate,
        image_size=(1000, 1002 if camera == "a" else 1000),
        intrinsics=np.array([1100.0, 1100, 500, 500], np.float32),
        distortion=np.zeros(5, np.float32),
        rotation=np.eye(3, dtype=np.float32),
        translation=np.zeros(3, np.float32),
        num_frames=frames,
    )


def make_arrays(clips, scores=False):
    num = sum(clip.num_frames for clip in clips)
    generator = np.random.default_rng(0)
    return PoseArrays(
        keypoints_2d=generator.normal(size=(num, 17, 2)).astype(np.float32),
        pose_3d=generator.normal(size=(num, 17, 3)).astype(np.float32),
        clips=list(clips),
        clip_index=np.repeat(
            np.arange(len(clips), dtype=np.int32), [c.num_frames for c in clips]
        ),
        frame_index=np.concatenate(
            [np.arange(c.num_frames, dtype=np.int32) for c in clips]
        ),
        keypoint_scores=generator.random((num, 17), np.float32) if scores else None,
    )


@pytest.fixture
def arrays():
    return make_arrays(
        [
            make_clip("S1", "Walking", "a", frames=7),
            make_clip("S1", "Eating", "b", frames=5),
            make_clip("S8", "Walking", "b", frames=11),
        ],
        scores=True,
    )


def test_image_sizes_follow_the_clips(arrays):
    sizes = arrays.image_sizes()
    assert sizes.dtype == np.float32
    np.testing.assert_array_equal(sizes[:7], np.tile([1000.0, 1002.0], (7, 1)))
    np.testing.assert_array_equal(sizes[7:], np.full((16, 2), 1000.0))


def test_labels_follow_the_clips(arrays):
    expected = ["Walking"] * 7 + ["Eating"] * 5 + ["Walking"] * 11
    assert arrays.labels("action").tolist() == expected


def test_subset_renumbers_clips_and_keeps_rows_together(arrays):
    rows = np.array([20, 8, 8])
    part = arrays.subset(rows)
    assert [clip.subject for clip in part.clips] == ["S1", "S8"]
    assert part.clip_index.tolist() == [1, 0, 0]
    assert part.frame_index.tolist() == [8, 1, 1]
    np.testing.assert_array_equal(part.pose_3d, arrays.pose_3d[rows])
    np.testing.assert_array_equal(part.keypoints_2d, arrays.keypoints_2d[rows])
    np.testing.assert_array_equal(part.keypoint_scores, arrays.keypoint_scores[rows])


def test_subset_of_a_slice_shares_memory(arrays):
    assert np.shares_memory(arrays.subset(slice(0, 4)).pose_3d, arrays.pose_3d)


def test_empty_subset(arrays):
    part = arrays.subset([])
    assert len(part) == 0
    assert part.clips == []
    assert part.image_sizes().shape == (0, 2)


def test_select_by_name(arrays):
    assert set(arrays.select(subjects=["S1"]).labels("subject")) == {"S1"}
    assert set(arrays.select(exclude_subjects=["S1"]).labels("subject")) == {"S8"}
    both = arrays.select(actions=["Walking"], cameras=["b"])
    assert len(both) == 11


@pytest.mark.parametrize("argument", ["subjects", "exclude_subjects"])
def test_select_names_what_is_unknown(arrays, argument):
    with pytest.raises(ValueError, match="No clip has the subject S3.*S1, S8"):
        arrays.select(**{argument: ["S3"]})


def test_stride_counts_from_each_clips_start(arrays):
    part = arrays.select(frame_stride=4)
    assert part.frame_index.tolist() == [0, 4, 0, 4, 0, 4, 8]


@pytest.mark.parametrize(
    ("rate", "stride", "expected"),
    [
        (25.0, 1, [0, 2, 4, 6, 8]),
        (25.0, 2, [0, 4, 8]),
        (50.0, 1, list(range(10))),
        (20.0, 1, [0, 3, 5, 8]),
    ],
)
def test_frame_rate_takes_the_nearest_frames(rate, stride, expected):
    arrays = make_arrays([make_clip(frames=10, rate=50.0)])
    part = arrays.select(frame_rate=rate, frame_stride=stride)
    assert part.frame_index.tolist() == expected


def test_frame_rate_holds_over_a_long_clip():
    arrays = make_arrays([make_clip(frames=6000, rate=59.94)])
    frames = arrays.select(frame_rate=25.0).frame_index
    expected = np.floor(np.arange(len(frames)) * 59.94 / 25 + 0.5)
    np.testing.assert_array_equal(frames, expected)
    assert len(frames) == 2503


def test_frame_rate_is_per_clip():
    arrays = make_arrays([make_clip(rate=50.0), make_clip(camera="b", rate=100.0)])
    part = arrays.select(frame_rate=50.0)
    assert part.frame_index.tolist() == [*range(10), 0, 2, 4, 6, 8]


def test_frame_rate_above_a_clips_is_refused():
    arrays = make_arrays([make_clip(rate=25.0)])
    with pytest.raises(ValueError, match="slowest clip has 25"):
        arrays.select(frame_rate=50.0)


@pytest.mark.parametrize("stride", [0, -1, 1.5])
def test_bad_stride_is_refused(arrays, stride):
    with pytest.raises(ValueError, match="frame_stride"):
        arrays.select(frame_stride=stride)


def test_split_validation_by_subject(arrays):
    train, validation = split_validation(arrays)
    assert {c.subject for c in train.clips} == {"S1"}
    assert {c.subject for c in validation.clips} == {"S8"}
    assert len(train) + len(validation) == len(arrays)


def test_split_validation_leaves_someone_to_train_on(arrays):
    with pytest.raises(ValueError, match="nothing to train on"):
        split_validation(arrays.select(subjects=["S8"]))


def test_shapes_must_agree(arrays):
    with pytest.raises(ValueError, match="keypoints_2d"):
        PoseArrays(
            keypoints_2d=arrays.keypoints_2d[:-1],
            pose_3d=arrays.pose_3d,
            clips=arrays.clips,
            clip_index=arrays.clip_index,
            frame_index=arrays.frame_index,
        )


def test_concatenation_keeps_rows_with_their_clips(arrays):
    more = make_arrays([make_clip("S5", "Sitting", "a", frames=3)], scores=True)
    joined = PoseArrays.concatenate([arrays, more])
    assert len(joined) == len(arrays) + 3
    np.testing.assert_array_equal(joined.pose_3d[-3:], more.pose_3d)
    assert list(joined.labels("subject")[[0, -1]]) == ["S1", "S5"]
    assert joined.clip_index.dtype == np.int32
    np.testing.assert_array_equal(joined.keypoint_scores[-3:], more.keypoint_scores)
    without = make_arrays([make_clip("S6", frames=2)])
    assert PoseArrays.concatenate([arrays, without]).keypoint_scores is None
