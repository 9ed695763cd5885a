"""Velocity and acceleration errors, by hand."""

import numpy as np
import pytest

from propose_keras.metrics import motion_errors

CLIP = np.zeros(4, int)


def offsets(*places):
    """Offsets of two joints along x, `(N, 2, 3)`."""
    offset = np.zeros((len(places), 2, 3))
    offset[:, 0, 0] = places
    return offset


def test_differences_of_consecutive_frames():
    errors = motion_errors(offsets(0, 3, 4, 4), CLIP, np.arange(4))
    # Velocities 3, 1, 0 and accelerations -2, -1 of one joint of two.
    assert errors.velocity == pytest.approx(4 / 3 / 2)
    assert errors.acceleration == pytest.approx(3 / 2 / 2)


def test_poses_that_are_off_by_the_same_move_rightly():
    offset = np.full((4, 2, 3), 50.0)
    assert motion_errors(offset, CLIP, np.arange(4)) == (0, 0)


def test_other_clips_and_gaps_are_not_bridged():
    offset = offsets(0, 1, 100, 101, 500, 501, 502)
    errors = motion_errors(
        offset, np.array([0, 0, 1, 1, 1, 1, 1]), np.array([0, 1, 2, 3, 9, 10, 11])
    )
    assert errors.velocity == pytest.approx(0.5)
    assert errors.acceleration == 0


def test_without_consecutive_frames_there_is_no_motion():
    errors = motion_errors(offsets(0, 1, 2), CLIP[:3], np.arange(0, 192, 64))
    assert np.isnan(errors).all()
    errors = motion_errors(offsets(0, 1), CLIP[:2], np.arange(2))
    assert errors.velocity == 0.5
    assert np.isnan(errors.acceleration)
