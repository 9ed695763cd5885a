import numpy as np
import pytest

from propose_keras.skeletons import (
    H36M_17,
    SKELETONS,
    convert,
    convert_detections,
    count_joints,
    get_skeleton,
    layouts_alike,
)

OTHERS = sorted(set(SKELETONS) - {"h36m17"})
# Names of the same joint in the layouts.
SYNONYMS = {"LFoot": "LAnkle", "RFoot": "RAnkle"}


@pytest.mark.parametrize("name", sorted(SKELETONS))
def test_skeletons_are_trees_with_named_pairs(name):
    skeleton = get_skeleton(name)
    assert len(skeleton.parents) == skeleton.num_joints
    assert len(set(skeleton.joint_names)) == skeleton.num_joints
    assert len(skeleton.bones) == skeleton.num_joints - 1
    for joint in range(skeleton.num_joints):
        path = [joint]
        while skeleton.parents[path[-1]] >= 0:
            path.append(skeleton.parents[path[-1]])
            assert len(path) <= skeleton.num_joints
        assert path[-1] == skeleton.root
    for left, right in zip(skeleton.left, skeleton.right, strict=True):
        names = skeleton.joint_names[left], skeleton.joint_names[right]
        assert names[0][0] == "L"
        assert names[1] == "R" + names[0][1:]
    sided = [n for n in skeleton.joint_names if n[0] in "LR" and n[1].isupper()]
    assert len(sided) == 2 * len(skeleton.left)
    # A mirrored tree is the same tree.
    flip = skeleton.flip
    mirrored = {(flip[a], flip[b]) for a, b in skeleton.bones}
    assert mirrored == set(skeleton.bones)


@pytest.mark.parametrize("source", OTHERS)
def test_joints_that_both_orders_name_are_kept(source):
    skeleton = get_skeleton(source)
    joints = np.random.default_rng(0).normal(size=(2, skeleton.num_joints, 2))
    converted = convert(joints, source)
    shared = 0
    for index, name in enumerate(H36M_17.joint_names):
        name = SYNONYMS.get(name, name)
        # MPII's thorax and 3DHP's head and spine are other joints of that name.
        if name in skeleton.joint_names and name not in ("Head", "Spine"):
            expected = joints[:, skeleton.index(name)]
            np.testing.assert_array_equal(converted[:, index], expected)
            shared += 1
    assert shared >= 12


def test_coco_has_its_missing_joints_in_the_middle():
    joints = np.random.default_rng(0).normal(size=(17, 2))
    coco = dict(zip(get_skeleton("coco17").joint_names, joints))
    found = dict(zip(H36M_17.joint_names, convert(joints, "coco17")))
    hip = (coco["LHip"] + coco["RHip"]) / 2
    thorax = (coco["LShoulder"] + coco["RShoulder"]) / 2
    np.testing.assert_allclose(found["Hip"], hip)
    np.testing.assert_allclose(found["Thorax"], thorax)
    np.testing.assert_allclose(found["Spine"], (hip + thorax) / 2)
    np.testing.assert_allclose(found["Head"], (coco["LEye"] + coco["REye"]) / 2)


@pytest.mark.parametrize("source", ["halpe26", "body25"])
def test_measured_centres_are_taken_and_the_spine_lies_between(source):
    skeleton = get_skeleton(source)
    joints = np.random.default_rng(0).normal(size=(skeleton.num_joints, 2))
    hip = joints[skeleton.index("Hip" if source == "halpe26" else "MidHip")]
    neck = joints[skeleton.index("Neck")]
    found = dict(zip(H36M_17.joint_names, convert(joints, source)))
    np.testing.assert_array_equal(found["Hip"], hip)
    np.testing.assert_array_equal(found["Thorax"], neck)
    np.testing.assert_allclose(found["Spine"], (hip + neck) / 2)


def test_kinects_take_their_spines_and_heads():
    for source, parts in {
        "kinect25": {
            "Hip": ["SpineBase"],
            "Spine": ["SpineMid"],
            "Thorax": ["SpineShoulder"],
            "Nose": ["Neck", "Head"],
            "Head": ["Head"],
        },
        "kinect32": {
            "Hip": ["Pelvis"],
            "Spine": ["SpineNavel", "SpineChest"],
            "Thorax": ["Neck"],
            "Nose": ["Nose"],
            "Head": ["LEye", "REye"],
        },
    }.items():
        skeleton = get_skeleton(source)
        joints = np.random.default_rng(0).normal(size=(skeleton.num_joints, 2))
        found = dict(zip(H36M_17.joint_names, convert(joints, source)))
        for joint, names in parts.items():
            mean = joints[[skeleton.index(name) for name in names]].mean(axis=0)
            np.testing.assert_allclose(found[joint], mean)


def test_joints_that_can_be_computed_are_counted():
    coco = get_skeleton("coco17")
    known = [coco.index(name) for name in ("LHip", "RHip", "LKnee", "LEye")]
    assert count_joints(known, "coco17") == 4  # Both hips, their middle, the knee.
    assert count_joints(known, "coco17", "coco17") == 4
    assert count_joints(range(17), "coco17") == 17
    assert count_joints([], "halpe26") == 0


def test_scores_travel_and_missing_joints_stay_missing():
    coco = get_skeleton("coco17")
    joints = np.random.default_rng(0).normal(size=(3, 17, 2))
    scores = np.full((3, 17), 0.9)
    scores[0, coco.index("LHip")] = 0.4
    scores[1, coco.index("RShoulder")] = 0.0
    joints[1, coco.index("RShoulder")] = 1e9
    found, sure = convert_detections(joints, scores, "coco17")
    lower = {H36M_17.joint_names[j] for j in np.flatnonzero(sure[0] < 0.9)}
    assert lower == {"Hip", "LHip", "Spine"}
    assert sure[0, H36M_17.index("Spine")] == 0.4
    missing = {H36M_17.joint_names[j] for j in np.flatnonzero(sure[1] == 0)}
    assert missing == {"Thorax", "RShoulder", "Spine"}
    np.testing.assert_array_equal(np.isnan(found).all(axis=-1), sure == 0)
    np.testing.assert_allclose(found[2], convert(joints[2], "coco17"))


def test_same_order_keeps_everything_but_missing_joints():
    joints = np.ones((17, 2))
    scores = np.r_[0.0, np.full(16, 0.5)]
    found, sure = convert_detections(joints, scores, "h36m17")
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1:], joints[1:])
    np.testing.assert_array_equal(sure, scores)


def test_wrong_shapes_and_names_are_refused():
    with pytest.raises(ValueError, match="Expected 26 joints in the order 'halpe26'"):
        convert(np.zeros((17, 2)), "halpe26")
    with pytest.raises(ValueError, match="No map from 'h36m17' to 'coco17'"):
        convert(np.zeros((17, 2)), "h36m17", "coco17")
    with pytest.raises(ValueError, match="Known skeletons: .*'body25'"):
        get_skeleton("openpose")
    with pytest.raises(ValueError, match=r"shape \(17,\), received \(16,\)"):
        convert_detections(np.zeros((17, 2)), np.zeros(16), "coco17")


def test_layouts_alike_have_as_many_joints_and_a_map():
    assert layouts_alike("coco17") == ("coco17", "h36m17", "3dhp17", "posetrack17")
    assert "body25b" in layouts_alike("body25")
    for name in SKELETONS:
        first, *others = layouts_alike(name)
        assert first == name
        for other in others:
            count = get_skeleton(other).num_joints
            assert count == get_skeleton(name).num_joints
            assert convert(np.zeros((count, 2)), other).shape == (17, 2)
