"""Feet of walks that drift and sink, brought back to rest."""

import numpy as np
import pytest
from walks import FRAME_RATE, walk

from propose_keras.inference.foot_contacts import FEET
from propose_keras.inference.foot_planting import plant_feet
from propose_keras.inference.ground import Ground
from propose_keras.skeletons import H36M_17

CAMERA = np.array([0, -4000.0, 1500])


@pytest.fixture(scope="module")
def truth():
    """`(180, 17, 3)` mm, z up, the floor at 0."""
    clip = walk()
    ground = Ground(clip["rotation"] @ [0.0, 0, 1], clip["translation"][2])
    return ground.to_world(clip["pose_3d"].astype(float))


def at_rest(truth):
    speed = np.linalg.norm(np.gradient(truth[:, FEET], axis=0), axis=-1) * FRAME_RATE
    return speed < 150


def sliding(positions, rest):
    """mm per frame on the floor, in frames at rest that follow such a one."""
    steps = np.linalg.norm(np.diff(positions[:, FEET, :2], axis=0), axis=-1)
    return steps[rest[1:] & rest[:-1]].mean()


def lengths(positions):
    bones = [positions[:, c] - positions[:, p] for p, c in H36M_17.bones]
    return np.linalg.norm(bones, axis=-1)


def drifting(truth):
    """A walk whose hip swims about and is too high by far."""
    times = np.arange(len(truth)) / FRAME_RATE
    swim = np.stack([0 * times, 60 * np.sin(4 * times), 90 + 20 * times], -1)
    return truth + swim[:, None]


def test_feet_at_rest_stay(truth):
    rest = at_rest(truth)
    before = drifting(truth)
    planted = plant_feet(before, FRAME_RATE, camera=CAMERA)
    assert sliding(before, rest) > 4
    assert sliding(planted.positions, rest) < 0.3
    # All that rests is found, and most of what is found rests.
    assert planted.contacts[rest].mean() > 0.95
    assert rest[planted.contacts].mean() > 0.7
    # At the height of an ankle, until the heel rises.
    resting = planted.positions[:, FEET, 2][planted.contacts]
    assert np.quantile(resting, 0.6) - resting.min() < 1.0
    assert resting.min() == pytest.approx(0.039 * 1760, abs=8)
    assert resting.max() < 0.09 * 1760
    assert planted.positions[:, FEET, 2].min() > resting.min() - 1e-3
    np.testing.assert_allclose(lengths(planted.positions), lengths(before), atol=1e-6)
    # The upper body's pose is left alone.
    upper = [H36M_17.index(name) for name in ("Thorax", "Head", "LWrist", "RHip")]
    np.testing.assert_allclose(
        planted.positions[:, upper] - planted.positions[:, :1],
        truth[:, upper] - truth[:, :1],
        atol=1e-6,
    )
    assert (planted.weights[planted.contacts] == 1).all()


def test_corrections_fade(truth):
    """No joint is moved by a jerk."""
    before = drifting(truth)
    moved = plant_feet(before, FRAME_RATE, camera=CAMERA).positions - before
    jumps = np.linalg.norm(np.diff(moved, axis=0), axis=-1)
    assert jumps[:, H36M_17.root].max() < 12
    assert jumps[:, FEET].max() < 25
    assert jumps.max() < 60  # Knees of straight legs.


def test_people_are_moved_where_their_place_is_least_certain(truth):
    """Along a line of sight that looks down by 20 degrees."""
    sight = np.array([0, np.cos(0.35), -np.sin(0.35)])
    covariance = np.tile(30.0**2 * np.eye(3) + 300.0**2 * np.outer(sight, sight), 1)
    covariance = np.tile(covariance, (len(truth), 1, 1))
    nearer = truth - 200 * sight
    planted = plant_feet(nearer, FRAME_RATE, covariance)
    alone = plant_feet(nearer, FRAME_RATE)
    offset = (planted.positions - truth)[:, 0]
    assert np.abs(offset[:, 1].mean()) < 110
    assert (alone.positions - truth)[:, 0, 1].mean() < -170
    np.testing.assert_allclose(
        *(np.median(p.positions[:, FEET, 2][p.contacts]) for p in (planted, alone)),
        atol=1.0,
    )


def test_legs_reach_where_they_rest(truth):
    """Long strides of somebody too high: the hip comes down, knees stay in front."""
    high = truth + [0, 0, 0.0]
    high[:, [2, 5]] += [0, 0, 40]
    planted = plant_feet(high, FRAME_RATE)
    legs = planted.positions[:, FEET] - planted.positions[:, [4, 1]]
    assert np.isfinite(planted.positions).all()
    assert np.linalg.norm(legs, axis=-1).max() < lengths(high)[:, 0].max() * 10
    ahead = np.cross(
        planted.positions[:, 4] - planted.positions[:, 1],
        planted.positions[:, 7] - planted.positions[:, 0],
    )
    for hip, knee, foot in ((4, 5, 6), (1, 2, 3)):
        middle = (planted.positions[:, hip] + planted.positions[:, foot]) / 2
        bend = np.sum((planted.positions[:, knee] - middle) * ahead, axis=-1)
        assert (bend > 0).mean() > 0.9


def test_without_rests_nothing_changes(truth):
    flying = truth + [0, 0, 800] + np.arange(len(truth))[:, None, None] * [80.0, 0, 0]
    planted = plant_feet(flying, FRAME_RATE)
    assert not planted.contacts.any()
    np.testing.assert_allclose(planted.positions, flying)
    one = plant_feet(truth[:1], FRAME_RATE)
    assert one.positions.shape == (1, 17, 3)
    assert np.isfinite(one.positions).all()
