"""Motions that are known, measured with known errors, and smoothed."""

import dataclasses

import numpy as np
import pytest

from propose_keras import Lifter
from propose_keras.inference.bones import bone_lengths
from propose_keras.inference.results import LiftedPoses
from propose_keras.inference.smoothing import LiveSmoother, smoothed
from propose_keras.metrics import motion_errors
from propose_keras.skeletons import H36M_17

NOISE, DEPTH_NOISE, LASTING = 10.0, 40.0, 30.0
ARRAYS = ("mode", "hypotheses", "mean", "spread", "root", "root_covariance")


def walk(standing, times, rng):
    """A motion `(frames, 17, 3)` mm whose bones keep their lengths."""
    phase = 2 * np.pi * np.asarray(times)[:, None] / 60
    angle = 0.6 * np.sin(phase + np.arange(17))
    bones = standing - standing[list(H36M_17.parents)]
    bones[0] = 0
    x, y, z = np.broadcast_to(bones, (len(times), 17, 3)).transpose(2, 0, 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.stack([x, cosine * y - sine * z, sine * y + cosine * z], axis=-1)
    poses = np.zeros_like(turned)
    for joint in range(1, 17):
        poses[:, joint] = poses[:, H36M_17.parents[joint]] + turned[:, joint]
    return poses


def lift(standing, times, person=0, num_hypotheses=30, seed=0):
    """The truth, and what a lifter might make of it, `LiftedPoses`.

    Errors are one part that lasts and one that is new in each frame; hypotheses have
    the first as well, each its own, and know of the second by their covariance.
    """
    rng = np.random.default_rng(seed)
    truth = walk(standing, times, rng)
    count = len(times)
    new = rng.normal(size=(count, 17, 3)) * [NOISE, NOISE, DEPTH_NOISE]
    lasting = rng.normal(size=(1 + num_hypotheses, 17, 3)) * LASTING
    lasting *= [0.3, 0.3, 1.0]
    offsets = new[:, None] + lasting
    offsets[:, :, 0] = 0
    poses = truth[:, None] + offsets
    roots = np.array([0, 0, 4000.0]) + np.asarray(times)[:, None] * [10.0, 0, 0]
    measured = roots + rng.normal(size=(count, 3)) * [5, 5, 80]
    of_hypotheses = measured[:, None] + rng.normal(size=(num_hypotheses, 3)) * [
        *(5, 5, 80)
    ]
    centred = of_hypotheses - of_hypotheses.mean(axis=1, keepdims=True)
    covariance = np.einsum("nsi,nsj->nij", centred, centred) / num_hypotheses
    lifted = LiftedPoses(
        frame=np.asarray(times),
        frame_name=[f"{time}.jpg" for time in times],
        person=np.full(count, person),
        mode=poses[:, 0].astype(np.float32),
        hypotheses=poses[:, 1:].astype(np.float32),
        mean=poses[:, 1:].mean(axis=1).astype(np.float32),
        spread=np.zeros((count, 17), np.float32),
        spread_about_thorax=np.zeros((count, 17), np.float32),
        mode_latent_log_prob=np.zeros(count, np.float32),
        root=measured.astype(np.float32),
        root_hypotheses=of_hypotheses.astype(np.float32),
        root_covariance=(covariance + 1e4 * np.eye(3)).astype(np.float32),
        keypoints=np.zeros((count, 17, 2), np.float32),
        scores=np.ones((count, 17), np.float32),
        missing=np.zeros((count, 17), bool),
        sides_exchanged=np.zeros(count, bool),
    )
    return truth, lifted


def all_of(stream):
    return LiftedPoses.concatenate(list(stream))


@pytest.fixture(scope="module")
def clip(standing):
    return lift(standing, np.arange(300))


@pytest.fixture(scope="module")
def smooth(clip):
    return all_of(smoothed([clip[1]]))


def errors(truth, poses):
    offset = poses.mode - truth
    motion = motion_errors(offset, np.zeros(len(truth)), poses.frame)
    return np.linalg.norm(offset, axis=-1).mean(), *motion


def test_jitter_goes_and_poses_come_nearer(clip, smooth):
    truth, lifted = clip
    before, after = errors(truth, lifted), errors(truth, smooth)
    assert after[0] < 0.9 * before[0]
    assert after[1] < 0.35 * before[1]
    assert after[2] < 0.25 * before[2]
    live = errors(truth, LiveSmoother()(lifted))
    assert after[0] < live[0] < 1.02 * before[0]
    assert after[2] < live[2] < 0.75 * before[2]


def test_places_come_nearer_and_what_frames_share_stays(clip, smooth):
    _, lifted = clip
    where = np.array([0, 0, 4000.0]) + lifted.frame[:, None] * [10.0, 0, 0]
    before, after = (np.linalg.norm(p.root - where, axis=-1) for p in (lifted, smooth))
    assert after.mean() < 0.5 * before.mean()
    # Stature and focal length are not known better for it.
    lasting = smooth.root_covariance - np.array(
        [np.cov(h.T, bias=True) for h in smooth.root_hypotheses]
    )
    np.testing.assert_allclose(lasting, np.tile(1e4 * np.eye(3), (300, 1, 1)), atol=30)


def test_what_lasts_remains_between_hypotheses(clip, smooth):
    _, lifted = clip
    before = np.sqrt(lifted.hypotheses.var(axis=1).sum(axis=-1))[:, 1:].mean()
    assert smooth.spread[:, 1:].mean() == pytest.approx(before, rel=0.25)
    np.testing.assert_allclose(
        smooth.spread, np.sqrt(smooth.hypotheses.var(axis=1).sum(axis=-1)), rtol=1e-4
    )
    np.testing.assert_allclose(smooth.mean, smooth.hypotheses.mean(axis=1), atol=1e-2)


def test_bones_have_one_length(smooth):
    for poses in (smooth.mode, smooth.hypotheses):
        lengths = bone_lengths(poses)
        assert np.ptp(lengths, axis=0).max() < 0.01
        left, right = list(H36M_17.left), list(H36M_17.right)
        bones = poses - poses[..., list(H36M_17.parents), :]
        alone = np.linalg.norm(bones, axis=-1)
        np.testing.assert_allclose(alone[..., left], alone[..., right], rtol=1e-4)


@pytest.mark.parametrize("sizes", [1, 7])
def test_batches_change_nothing(clip, smooth, sizes):
    _, lifted = clip
    parts = (lifted.subset(slice(i, i + sizes)) for i in range(0, 300, sizes))
    found = list(smoothed(parts))
    assert [len(part) for part in found] == [256, 44]
    found = LiftedPoses.concatenate(found)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(smooth, name))
    assert found.frame_name == lifted.frame_name


def test_people_are_smoothed_apart_in_their_order(standing, clip, smooth):
    _, other = lift(standing, np.arange(20, 290), person=1, seed=5)
    both = LiftedPoses.concatenate([clip[1], other])
    both = both.subset(np.lexsort((both.person, both.frame)))
    found = all_of(smoothed([both]))
    np.testing.assert_array_equal(found.frame, both.frame)
    np.testing.assert_array_equal(found.person, both.person)
    first = found.subset(np.flatnonzero(found.person == 0))
    np.testing.assert_array_equal(first.mode, smooth.mode)
    alone = LiveSmoother()(clip[1])
    live = LiveSmoother()(both)
    np.testing.assert_array_equal(
        live.subset(np.flatnonzero(live.person == 0)).mode, alone.mode
    )


def test_gaps_are_bridged_and_after_long_ones_a_motion_starts_anew(standing):
    times = np.concatenate([np.arange(60), np.arange(75, 130), np.arange(2000, 2060)])
    truth, lifted = lift(standing, times)
    found = all_of(smoothed([lifted]))
    assert errors(truth, found)[2] < 0.35 * errors(truth, lifted)[2]
    alone = all_of(smoothed([lifted.subset(slice(115, None))]))
    directions = [
        p.mode[115:] if len(p) > 100 else p.mode for p in (found, alone)
    ]  # Bones are those of the first block.
    assert np.abs(directions[0] - directions[1]).max() < 60


@pytest.mark.parametrize("is_live", [False, True])
def test_of_people_who_left_no_motion_is_kept(standing, clip, is_live):
    parts = [
        lift(standing, np.arange(s, s + 20), person=s)[1] for s in range(0, 900, 100)
    ]
    smoother = LiveSmoother()
    stream = map(smoother, parts) if is_live else smoothed(parts)
    found = [next(stream)]
    people = smoother._people if is_live else stream.gi_frame.f_locals["people"]
    found += list(stream)
    assert sum(map(len, found)) == 180
    moving = [name for name, p in people.items() if p._joints._state is not None]
    assert moving == [800]
    assert len(people) == 9


def test_single_poses_stay(standing):
    _, lifted = lift(standing, [3])
    for found in (all_of(smoothed([lifted])), LiveSmoother()(lifted)):
        bones = bone_lengths(lifted.mode)
        np.testing.assert_allclose(bone_lengths(found.mode), bones, rtol=1e-4)
        # Left and right bones are made equal, no more.
        assert np.abs(found.mode - lifted.mode).max() < 150
        np.testing.assert_allclose(found.root, lifted.root, atol=0.1)


def test_places_that_are_not_known_stay_so(clip):
    nowhere = dataclasses.replace(
        clip[1],
        root=np.full_like(clip[1].root, np.nan),
        root_hypotheses=np.full_like(clip[1].root_hypotheses, np.nan),
        root_covariance=np.full_like(clip[1].root_covariance, np.nan),
    )
    found = all_of(smoothed([nowhere]))
    assert np.isnan(found.root).all()
    assert np.isfinite(found.mode).all()


def test_wild_hypotheses_do_no_harm(clip, smooth):
    hypotheses = clip[1].hypotheses.copy()
    hypotheses[50:60, 0] *= 1e6
    wild = dataclasses.replace(clip[1], hypotheses=hypotheses)
    found = all_of(smoothed([wild]))
    assert np.abs(found.mode - smooth.mode).max() < 40


def test_nobody_and_what_is_said_go_through(clip):
    _, lifted = clip
    nobody = dataclasses.replace(
        lifted.subset([]), num_skipped=2, warnings=("Something.",)
    )
    found = all_of(smoothed([nobody, lifted.subset(slice(3)), nobody]))
    assert (len(found), found.num_skipped, found.warnings) == (3, 4, ("Something.",))
    assert len(all_of(smoothed([nobody]))) == 0
    live = LiveSmoother()(nobody)
    assert (len(live), live.num_skipped) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"smooth": "yes"}, "False, True or 'live'"),
        ({"smooth": True, "correlation_time": 0}, "`correlation_time` above 0"),
    ],
)
def test_wrong_arguments_are_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        Lifter(model, **arguments)


def test_tracks_are_needed(model, keypoints):
    lifter = Lifter(model, 4, smooth=True)
    with pytest.raises(ValueError, match="smoothed along tracks"):
        lifter(keypoints, "h36m17", (1000, 1000), track=False)
