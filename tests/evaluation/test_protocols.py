import dataclasses

import numpy as np
import pytest

from propose_keras.data import Clip, DatasetNotBuiltError, PoseArrays
from propose_keras.evaluation.pose_selection import (
    load_poses,
    read_frame_list,
    select_poses,
)
from propose_keras.evaluation.protocols import (
    OPTIONS,
    PROTOCOLS,
    ProtocolError,
    get_protocol,
)
from propose_keras.human36m_names import ALL_SEQUENCES, CAMERAS
from propose_keras.skeletons import H36M_17


def test_h36m_is_17_joints_and_the_action_mean():
    protocol = get_protocol("h36m")
    assert protocol.joints is None
    assert protocol.average == "action"


def test_options_change_what_they_say_and_the_name():
    protocol = get_protocol("h36m+16-joints+frame-mean+every-64th")
    assert protocol.name == "h36m+16-joints+frame-mean+every-64th"
    assert protocol.joints == tuple(range(1, 17))
    assert (protocol.average, protocol.frame_stride) == ("frame", 64)
    assert get_protocol("3dhp-graphmlp+annot3").pose_feature == "pose_3d"
    assert get_protocol("3dhp-graphmlp").pose_feature == "pose_3d_univ"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_options_name_fields(name):
    fields = {f.name for f in dataclasses.fields(PROTOCOLS[name])}
    for _, changes in OPTIONS.values():
        assert set(changes) <= fields


def test_joints_of_the_3dhp_conventions():
    official = get_protocol("3dhp-official").pck
    left_out = {H36M_17.joint_names[j] for j in set(range(17)) - set(official.joints)}
    assert left_out == {"Hip", "Spine", "Nose"}
    assert official.auc_thresholds == tuple(range(0, 151, 5))
    graphmlp, poseaug = get_protocol("3dhp-graphmlp"), get_protocol("3dhp-poseaug")
    assert (len(graphmlp.pck.joints), len(graphmlp.pck.auc_thresholds)) == (17, 150)
    assert (len(poseaug.pck.joints), len(poseaug.pck.auc_thresholds)) == (16, 31)


@pytest.mark.parametrize(
    "name, message",
    [
        ("h36", "Unknown protocol 'h36'. There are: h36m,"),
        ("h36m+annot3", "no option 'annot3'. There are: 16-joints"),
        ("3dhp-official+every-64th", "no option 'every-64th'. There are: annot3"),
    ],
)
def test_unknown_names_are_refused_with_those_known(name, message):
    with pytest.raises(ProtocolError, match=message.replace("+", r"\+")):
        get_protocol(name)


def test_protocol_that_does_not_fit_the_data_set_is_refused():
    get_protocol("h36m").check_dataset("human36m/gt:1.0.0")
    get_protocol("3dhp-official").check_dataset("mpi_inf_3dhp")
    with pytest.raises(ProtocolError, match="not on 'mpi_inf_3dhp'.*3dhp-official"):
        get_protocol("h36m").check_dataset("mpi_inf_3dhp/standard")


def clip(sequence, camera, num_frames=20):
    return Clip(
        subject=sequence.subject,
        action=sequence.action,
        take=sequence.take,
        camera=camera,
        frame_rate=50.0,
        image_size=(1000, 1000),
        intrinsics=np.zeros(4),
        distortion=np.zeros(5),
        rotation=np.eye(3),
        translation=np.zeros(3),
        num_frames=num_frames,
    )


@pytest.fixture
def test_split():
    clips = [
        clip(sequence, camera)
        for sequence in ALL_SEQUENCES
        if sequence.subject in ("S9", "S11")
        for camera in CAMERAS
    ]
    num_rows = 20 * len(clips)
    return PoseArrays(
        keypoints_2d=np.zeros((num_rows, 17, 2), np.float32),
        pose_3d=np.zeros((num_rows, 17, 3), np.float32),
        clips=clips,
        clip_index=np.repeat(np.arange(len(clips)), 20).astype(np.int32),
        frame_index=np.tile(np.arange(20), len(clips)).astype(np.int32),
    )


@pytest.fixture
def frame_list(tmp_path):
    def write(*lines):
        path = tmp_path / "frames.txt"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_stride_counts_from_frame_0_of_each_clip(test_split):
    rows = select_poses(get_protocol("h36m"), test_split, frame_stride=8)
    assert set(rows.frame_index) == {0, 8, 16}
    assert len(rows) == 3 * len(test_split.clips)
    rows = select_poses(get_protocol("h36m+every-64th"), test_split, frame_stride=8)
    assert set(rows.frame_index) == {0}


def test_frame_list_picks_its_frames(test_split, frame_list):
    path = frame_list(
        "/S9/Directions.54138969/4.jpg",
        "/S9/Directions.54138969/16.jpg",
        "/S11/WalkDog 1.60457274/8.jpg",
    )
    rows = select_poses(get_protocol("h36m-hard"), test_split, frame_list=path)
    found = {
        (c.subject, c.action, c.take, c.camera, frame)
        for c, frame in zip((rows.clips[i] for i in rows.clip_index), rows.frame_index)
    }
    assert found == {
        ("S9", "Directions", "2", "54138969", 3),
        ("S9", "Directions", "2", "54138969", 15),
        ("S11", "WalkDog", "1", "60457274", 7),
    }


def test_names_of_the_published_frame_list(frame_list):
    """Wehrbein's `create_data.py`: S9 Discussion 2 is called Discussion, and so on."""
    renamed = {
        "S9/Discussion": "Discussion 2",
        "S9/Discussion 1": "Discussion 1",
        "S11/Phoning": "Phoning 3",
        "S11/Phoning 1": "Phoning 2",
        "S11/Greeting": "Greeting",
        "S11/Greeting 1": "Greeting 2",
        "S11/WalkTogether": "WalkTogether",
        "S11/WalkTogether 1": "WalkTogether 1",
    }
    for name, file_name in renamed.items():
        path = frame_list(f"/{name}.54138969/4.jpg")
        ((subject, action, take, _, _),) = read_frame_list(path)
        (sequence,) = (
            s
            for s in ALL_SEQUENCES
            if (s.subject, s.action, s.take) == (subject, action, take)
        )
        assert sequence.file_name == file_name


@pytest.mark.parametrize(
    "line, message",
    [
        ("/S9/Dancing.54138969/4.jpg", "line 1: .*names no frame"),
        ("/S4/Directions.54138969/4.jpg", "line 1: .*names no frame"),
        ("nonsense", "line 1: 'nonsense' names no frame"),
        ("", "lists no frame"),
        ("/S1/Directions.54138969/4.jpg", "1 of 1 clips .* subjects S11, S9"),
        ("/S9/Directions.54138969/400.jpg", "1 of 1 frames listed of S9 Directions"),
    ],
)
def test_frame_list_with_unknown_names_is_refused(
    test_split, frame_list, line, message
):
    with pytest.raises(ProtocolError, match=message):
        select_poses(get_protocol("h36m-hard"), test_split, 1, frame_list(line))


def test_frame_list_belongs_to_the_protocol_that_needs_one(test_split, frame_list):
    with pytest.raises(ProtocolError, match="'h36m-hard' needs a list"):
        select_poses(get_protocol("h36m-hard"), test_split)
    with pytest.raises(ProtocolError, match="'h36m' takes no list"):
        select_poses(get_protocol("h36m"), test_split, 1, frame_list("x"))


def test_scenes_must_cover_the_subjects(test_split):
    with pytest.raises(ProtocolError, match="knows the scenes of TS1.* has also S11"):
        select_poses(get_protocol("3dhp-official"), test_split)


def test_poses_are_of_a_known_split_and_a_fitting_data_set(tmp_path):
    protocol = get_protocol("h36m")
    with pytest.raises(ValueError, match="'test' or 'validation', received 'train'"):
        load_poses(protocol, "human36m", tmp_path, "train")
    with pytest.raises(ProtocolError, match="not on 'mpi_inf_3dhp'"):
        load_poses(protocol, "mpi_inf_3dhp", tmp_path)
    with pytest.raises(DatasetNotBuiltError, match="human36m"):
        load_poses(protocol, "human36m", tmp_path)
