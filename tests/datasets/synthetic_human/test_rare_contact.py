import numpy as np
import pytest
from synthetic_human import kinematics
from synthetic_human.rare import collisions, contact, draw_person, limbs
from synthetic_human.rare.points import FLESH, MASS, joint_mask

from propose_keras.skeletons import H36M_17

JOINT = {name: index for index, name in enumerate(H36M_17.joint_names)}


def make_pose(frames=1, pitch=0.0, arms=(0, 5, 0, 5), legs=(0, 5, 0, 5)):
    pelvis = kinematics.rotation(np.array([0.0, np.radians(pitch), 0.0]))
    return kinematics.Pose(
        root=np.tile([0.0, 0.0, 950.0], (frames, 1)),
        pelvis=np.repeat(pelvis[None], frames, axis=0),
        spine=np.zeros((frames, 3)),
        head=np.zeros((frames, 3)),
        arms=np.radians(np.tile(arms, (frames, 2, 1)).astype(float)),
        legs=np.radians(np.tile(legs, (frames, 2, 1)).astype(float)),
    )


@pytest.fixture(scope="module")
def person():
    return draw_person(np.random.default_rng(3))


@pytest.mark.parametrize("tilt", [(0.2, 0.0), (0.0, -0.25), (0.15, 0.15)])
def test_a_tilted_body_comes_to_rest_flat(person, tilt):
    # Lying on the back, tilted: the floor brings the trunk back to level.
    pose = make_pose(pitch=-90)
    points = kinematics.forward(person.body, pose)
    points = (points - pose.root[:, None]) @ contact._level(np.array([tilt])).swapaxes(
        1, 2
    )
    support = joint_mask(["trunk"])[None]
    clearance = FLESH[None] * person.scale
    turn = contact.settle(points, clearance, support, np.ones((1, 1)), np.zeros((1, 1)))
    points = points @ turn.swapaxes(1, 2)
    lifted = points[0, :, 2] + contact.lift(
        points, clearance, support, np.zeros((1, 1))
    )
    touching = lifted - clearance[0] < 25
    assert sum(touching[[JOINT[n] for n in ("Hip", "LHip", "RHip", "Thorax")]]) >= 3
    assert (lifted - clearance[0])[support[0] > 0].min() == pytest.approx(0, abs=12)


def test_a_leaning_person_gets_balance(person):
    pose = make_pose(pitch=60, legs=(60, 5, 0, 5))
    points = kinematics.forward(person.body, pose)
    points = points - pose.root[:, None]
    support = joint_mask(["feet"])[None]

    def offset(points):
        feet = points[0, [JOINT["LFoot"], JOINT["RFoot"]]].mean(axis=0)
        return np.linalg.norm((MASS @ points[0] - feet)[:2])

    assert offset(points) > 100
    clearance = FLESH[None] * person.scale
    turn = contact.settle(points, clearance, support, np.zeros((1, 1)), np.ones((1, 1)))
    assert offset(points @ turn.swapaxes(1, 2)) < 40


def test_what_bears_weight_stays_where_it_is():
    # A wheel of two spokes rolls: the lower one does not slide.
    angles = np.linspace(0, 0.4, 30)
    points = np.zeros((30, 17, 3))
    points[:, 0, 0], points[:, 0, 2] = -500 * np.sin(angles), -500 * np.cos(angles)
    points[:, 1:, 2] = 500
    weights = np.zeros((30, 17))
    weights[:, 0] = 1
    path = contact.stay(points, weights, np.zeros(30))
    foot = points[:, 0, :2] + path
    np.testing.assert_allclose(foot - foot[0], 0, atol=1e-9)
    assert path[-1, 0] == pytest.approx(500 * np.sin(0.4))
    # In the air nothing holds.
    assert np.all(contact.stay(points, weights, np.ones(30)) == 0)


def test_overlaps_are_those_of_known_capsules(person):
    pose = make_pose(arms=(90, 0, 0, 5))
    points = kinematics.forward(person.body, pose)
    depth, *_ = collisions.overlaps(points, person.scale)
    by_pair = dict(zip(collisions.PAIRS, depth[0]))
    # Arms that point forward are parallel, as far apart as the elbows.
    apart = np.linalg.norm(points[0, JOINT["LWrist"]] - points[0, JOINT["RWrist"]])
    assert by_pair["LForearm", "RForearm"] == pytest.approx(
        64 * person.scale - apart, abs=3
    )
    assert max(depth[0]) < 10 * person.scale


def test_limbs_come_out_of_the_body(person):
    # Forearms that reach through the belly.
    pose = make_pose(arms=(5, -12, 60, 95))
    clearance = FLESH[None] * person.scale

    def deepest(pose):
        points = kinematics.forward(person.body, pose)
        return collisions.overlaps(points, person.scale)[0].max() / person.scale

    assert deepest(pose) > 40
    placed = limbs.place_limbs(person, pose, clearance, np.zeros((1, 4)))
    assert deepest(placed) < 25
    np.testing.assert_array_equal(placed.pelvis, pose.pelvis)


@pytest.mark.parametrize("height", [-150.0, 60.0])
def test_hands_and_feet_are_planted_or_lifted(person, height):
    # On all fours, too low or too high: hands meet the floor, feet rise above it.
    pose = make_pose(pitch=90, arms=(85, 5, 0, 25), legs=(85, 5, 0, 85))
    points = kinematics.forward(person.body, pose)
    clearance = FLESH[None] * person.scale
    wrists = points[0, [JOINT["LWrist"], JOINT["RWrist"]], 2]
    pose.root[:, 2] += clearance[0, JOINT["LWrist"]] + height - wrists.mean()
    planted = np.array([[1.0, 1.0, 0.0, 0.0]])
    placed = limbs.place_limbs(person, pose, clearance, planted)
    lowest = kinematics.forward(person.body, placed)[0, :, 2] - clearance[0]
    reached = lowest[[JOINT["LWrist"], JOINT["RWrist"]]]
    if height < 0:
        np.testing.assert_allclose(reached, 0, atol=12)
    else:
        # As far as straight arms reach.
        assert np.all(reached < height - 15)
    assert lowest.min() > -12


def test_arms_raised_past_the_vertical_stay_up(person):
    pose = make_pose(pitch=180, arms=(186, 5, 0, 5))
    pose.root[:, 2] += 2000
    clearance = FLESH[None] * person.scale
    placed = limbs.place_limbs(person, pose, clearance, np.zeros((1, 4)))
    before, after = (
        kinematics.forward(person.body, p)[0, JOINT["LWrist"]] for p in (pose, placed)
    )
    # By as much as the limit of the shoulder is below 186 degrees.
    assert np.linalg.norm(before - after) < 200
