import numpy as np
import pytest
import ui_prmd
import ui_prmd_files as files

from propose_keras.data.errors import DataFileError
from propose_keras.skeletons import H36M_17


def _fit(markers):
    return ui_prmd.fit_person([ui_prmd.Markers(markers)])


@pytest.fixture(scope="module")
def performance():
    markers, joints = files.perform()
    return markers, joints, _fit(markers)


def test_joints_lie_where_the_person_has_them(performance):
    markers, joints, person = performance
    poses = person.poses(ui_prmd.Markers(markers))
    assert person.stature == pytest.approx(files.STATURE, rel=0.01)
    for name, truth in joints.items():
        error = np.linalg.norm(poses[:, H36M_17.index(name)] - truth, axis=-1)
        limit = 15 if "Elbow" in name or "Wrist" in name else 5
        assert error.max() < limit, (name, error.max())


def test_hips_are_where_the_regression_puts_them(performance):
    markers, _, person = performance
    poses = person.poses(ui_prmd.Markers(markers), rigid=False)
    hips = poses[:, [H36M_17.index("LHip"), H36M_17.index("RHip")]]
    # Harrington et al. 2007: 0.33 of 250 mm and 7.3 mm to each side.
    width = np.linalg.norm(hips[:, 0] - hips[:, 1], axis=-1)
    np.testing.assert_allclose(width, 2 * (0.33 * 250 + 7.3), atol=0.1)
    np.testing.assert_allclose(poses[:, 0], hips.mean(axis=1), atol=1e-6)


def test_a_marker_above_the_knee_moves_it_half_as_far(performance):
    markers, joints, _ = performance
    moved = markers.copy()
    thigh = joints["RHip"] - joints["RKnee"]
    up = thigh / np.linalg.norm(thigh, axis=-1, keepdims=True)
    moved[:, files.MARKERS.index("RKNE")] += 40 * up
    poses = _fit(moved).poses(ui_prmd.Markers(moved), rigid=False)
    along = ((poses[:, H36M_17.index("RKnee")] - joints["RKnee"]) * up).sum(axis=-1)
    assert along.mean() == pytest.approx(20, abs=4)


def test_limbs_keep_their_length_and_both_sides_share_it(performance):
    markers, _, person = performance
    noise = np.random.default_rng(1).normal(0, 5, markers.shape)
    poses = person.poses(ui_prmd.Markers(markers + noise))
    for a, b in (("Hip", "Knee"), ("Knee", "Foot"), ("Elbow", "Wrist")):
        lengths = [
            np.linalg.norm(
                poses[:, H36M_17.index(s + a)] - poses[:, H36M_17.index(s + b)], axis=-1
            )
            for s in "LR"
        ]
        np.testing.assert_allclose(lengths, person.bones[f"L{a}", f"L{b}"], atol=0.5)


def test_the_nose_is_ahead_of_the_line_from_neck_to_head(performance):
    markers, joints, person = performance
    poses = person.poses(ui_prmd.Markers(markers))
    thorax, nose, head = (
        poses[:, H36M_17.index(n)] for n in ("Thorax", "Nose", "Head")
    )
    toes = markers[:, files.MARKERS.index("CLAV")] - joints["Thorax"]
    ahead = ((nose - (thorax + head) / 2) * toes).sum(axis=-1)
    assert (ahead > 0).all()


def test_a_person_known_from_few_frames_is_refused():
    markers, _ = files.perform(num_frames=120)
    markers[30:, 0] = 0
    with pytest.raises(DataFileError, match="Only 30 frames have all 39 markers"):
        _fit(markers)


def test_the_longest_run_with_the_markers_that_are_needed():
    markers = np.ones((20, 39, 3))
    markers[3, files.MARKERS.index("LASI")] = 0
    markers[15, files.MARKERS.index("RKNE")] = 0
    markers[:, files.MARKERS.index("LTOE")] = 0
    assert len(ui_prmd.Markers(markers).longest_run()) == 11
    markers[:, files.MARKERS.index("C7")] = 0
    assert len(ui_prmd.Markers(markers).longest_run()) == 0
