"""One length for each bone of a person."""

import numpy as np
import pytest

from propose_keras import Lifter
from propose_keras.inference.bones import (
    BoneLengths,
    bone_lengths,
    stature,
    with_lengths,
)
from propose_keras.skeletons import H36M_17


@pytest.fixture
def poses(standing):
    """Five frames of a mode and six hypotheses, `(5, 7, 17, 3)` mm."""
    rng = np.random.default_rng(0)
    poses = standing + rng.normal(0, 30, (5, 7, 17, 3))
    return poses - poses[..., :1, :]


def test_lengths_are_those_of_both_sides(standing):
    lengths = bone_lengths(standing)
    for joint in range(1, 17):
        other = H36M_17.flip[joint]
        both = [
            np.linalg.norm(standing[j] - standing[H36M_17.parents[j]])
            for j in (joint, other)
        ]
        assert lengths[joint] == pytest.approx(np.mean(both))
    assert lengths[0] == 0


def test_poses_get_the_lengths_and_keep_their_directions(poses):
    wanted = np.linspace(100, 300, 17)
    wanted = (wanted + wanted[list(H36M_17.flip)]) / 2
    wanted[0] = 0
    found = with_lengths(poses, wanted)
    np.testing.assert_allclose(
        bone_lengths(found), np.broadcast_to(wanted, found.shape[:-1])
    )
    parents = list(H36M_17.parents[1:])
    before, after = (p[..., 1:, :] - p[..., parents, :] for p in (poses, found))
    cosine = np.sum(before * after, axis=-1) / (
        np.linalg.norm(before, axis=-1) * np.linalg.norm(after, axis=-1)
    )
    np.testing.assert_allclose(cosine, 1.0)
    lengths = np.linalg.norm(poses - poses[..., list(H36M_17.parents), :], axis=-1)
    lengths[..., 0] = 0
    np.testing.assert_allclose(with_lengths(poses, lengths), poses, atol=1e-9)


def test_a_mode_has_the_mean_and_hypotheses_keep_their_deviation():
    rng = np.random.default_rng(1)
    lengths = 300 + rng.normal(0, 20, (40, 501, 17))
    bones = BoneLengths()
    for part in np.split(lengths, 4):
        bones.add(part)
    found = bones.estimate()
    np.testing.assert_allclose(found[0], lengths[:, 0].mean(axis=0))
    # Averaged over independent frames, 20 mm would shrink to 3.
    np.testing.assert_allclose(found[1:].std(axis=0), 20, rtol=0.05)
    np.testing.assert_allclose(found[1:].mean(axis=0), 300, atol=1)


def test_one_frame_is_as_it_is():
    lengths = 300 + np.random.default_rng(2).normal(0, 20, (1, 9, 17))
    bones = BoneLengths()
    bones.add(lengths)
    np.testing.assert_allclose(bones.estimate(), lengths[0])


def test_of_a_single_hypothesis_nothing_is_made_up():
    bones = BoneLengths()
    bones.add(np.full((3, 2, 17), 250.0))
    np.testing.assert_allclose(bones.estimate(), 250.0)


def test_stature_is_that_of_the_bones_whatever_the_pose(standing, poses):
    height = np.ptp(standing[:, 1])
    assert stature(standing) == pytest.approx(height / 0.95, rel=0.05)
    bent = with_lengths(poses, bone_lengths(standing))
    np.testing.assert_allclose(stature(bent), stature(standing), rtol=1e-6)
    np.testing.assert_allclose(stature(1.1 * bent), 1.1 * stature(standing))


def test_people_of_a_known_height_have_its_size_and_distance(model, keypoints):
    source = keypoints, "h36m17", (1000, 1000)
    free = Lifter(model, 5)(*source)
    found = Lifter(model, 5, height=1.9)(*source)
    for poses in (found.mode, found.hypotheses):
        np.testing.assert_allclose(stature(poses), 1900, rtol=1e-4)
    scale = 1900 / stature(free.mode)
    np.testing.assert_allclose(
        found.mode, free.mode * scale[:, None, None], rtol=1e-3, atol=0.1
    )
    np.testing.assert_allclose(found.root, free.root * scale[:, None], rtol=1e-3)
    with pytest.raises(ValueError, match="`height` in metres"):
        Lifter(model, height=190)
