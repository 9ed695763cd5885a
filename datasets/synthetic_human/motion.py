"""Puts a clip together: a timeline of moments, then angles, then joints."""

import numpy as np

from . import lower_body, signals
from .families import ACTIONS, FAMILIES, Family
from .gestures import GESTURES, arm_angles
from .kinematics import (
    ARM_LIMITS,
    HEAD_LIMITS,
    KNEE_DIRECTION,
    LEG_LIMITS,
    SIDES,
    SPINE_LIMITS,
    Body,
    Pose,
    forward,
    limb_inverse,
    limit,
    rotation,
    torso_rotation,
)
from .subjects import SUBJECTS, get_body, get_style
from .timeline import Moment, choose, plan

# Width of a walker's track against the distance of the feet in standing.
_WALKING_STANCE = 0.6
# Height above the floor that the middle of a resting knee or wrist has, and over how
# many mm it is approached.
_LOWEST, _SOFTNESS = 42.0, 10.0
_PELVIS_FIDGET = np.array([14.0, 14.0, 5.0])
_TILT_FIDGET = np.radians([2.0, 2.0, 2.5])
_CHEST_FIDGET = np.radians([2.5, 2.5, 4.0])
_HEAD_FIDGET = np.radians([4.0, 3.0, 6.0])
_ARM_FIDGET = np.radians([3.5, 2.5, 4.0, 4.5])


def _standing(rng, body, style, family, mode, start, moments, step_time, times):
    """The path of the clip at `times` and the track of a person who follows it."""
    stance = style.stance
    if mode == "walk":
        path = lower_body.loop_path(rng, style.speed * family.speed)
        steps = lower_body.plan_steps(-3.0, times[-1] + 1.0, step_time)
        stance *= _WALKING_STANCE
    else:
        moves = [m for m in moments if m.step_to is not None]
        path = lower_body.still_path(
            start, [(m.start, m.duration, m.step_to) for m in moves]
        )
        steps = [
            step
            for m in moves
            for step in lower_body.plan_steps(m.start, m.start + m.duration, step_time)
        ]
    track = lower_body.stand(body, style, path, steps, step_time, stance, times)
    return path(times), track


def _lower_track(rng, body, place, standing, moments: list[Moment], times):
    """Track of pelvis and feet through the postures of the clip, `(frames, 19)`."""
    held, starts, durations = [], [], []
    lifts = np.zeros((len(times), 2))
    current = None
    for moment in moments:
        if moment.posture == current:
            continue
        if moment.posture == "stand":
            held.append(standing)
        else:
            mirrored = rng.uniform() < 0.5
            held.append(
                lower_body.place_posture(moment.posture, body, place, mirrored, rng)
            )
        starts.append(moment.start)
        durations.append(moment.duration)
        if current is not None:
            # Feet that change place leave the floor a little, one after the other.
            delays = rng.permutation([0.0, 0.25])
            phase = (times - moment.start) / moment.duration
            lifts += 40 * signals.bump(1.3 * phase[:, None] - delays)
        current = moment.posture
    track = signals.sequence(times, starts, durations, held)
    track[:, [8, 11]] += lifts
    return track


def _arms(rng, body, style, moments, feet_ahead, times):
    """Angles of both arms, `(frames, 2, 4)`: gestures, gait swing, quick movements."""
    arms = np.empty((len(times), 2, 4))
    beat = 2 * np.pi * rng.uniform(1.2, 1.9)
    for i, side in enumerate(SIDES):
        values = []
        for moment in moments:
            gesture = GESTURES[moment.gestures[i]]
            angles = arm_angles(moment.gestures[i], body, side, rng)
            values.append(np.array([*angles, gesture.swing, gesture.shake]))
        starts = [m.start + rng.uniform(-0.1, 0.15) for m in moments]
        durations = [min(m.duration, 1.0) for m in moments]
        track = signals.sequence(times, starts, durations, values)
        arms[:, i] = track[:, :4]
        swing = track[:, 4] * style.arm_swing * -feet_ahead[:, i] / body.leg
        shake = track[:, 5] * style.energy * np.sin(beat * times + rng.uniform(0, 6))
        arms[:, i, 0] += swing
        arms[:, i, 2] += shake
        arms[:, i, 3] += 0.5 * swing.clip(0) + 0.6 * shake
        arms[:, i, 3] += track[:, 4].clip(0, 1) ** 4 * style.elbow * 0.5
    fidget = signals.noise(rng, times, 8, 0.1, 0.9).reshape(-1, 2, 4)
    return limit(arms + style.energy * _ARM_FIDGET * fidget, ARM_LIMITS)


def _torso(rng, style, moments, track, feet_ahead, leg, times):
    """Angles of chest and head, each `(frames, 3)`."""
    starts = [m.start for m in moments]
    durations = [max(m.duration, 0.7) for m in moments]
    spine = signals.sequence(times, starts, durations, [m.chest for m in moments])
    head = signals.sequence(times, starts, durations, [m.head for m in moments])
    spine += style.energy * _CHEST_FIDGET * signals.noise(rng, times, 3, 0.1, 0.6)
    head += style.energy * _HEAD_FIDGET * signals.noise(rng, times, 3, 0.1, 0.7)
    spine[:, 0] += style.slouch + track[:, lower_body.SPINE]
    # The chest turns against the pelvis, which follows the leading leg.
    spine[:, 2] += 0.25 * (feet_ahead[:, 0] - feet_ahead[:, 1]) / leg
    head[:, 0] -= 0.4 * spine[:, 0]
    return limit(spine, SPINE_LIMITS), limit(head, HEAD_LIMITS)


def _legs(body: Body, root, pelvis, track):
    """Angles of both legs that bring the ankles where the track has them."""
    legs = np.empty((len(root), 2, 4))
    for i, side in enumerate(SIDES):
        ankle, knee = (
            track[:, part][:, 3 * i : 3 * i + 3]
            for part in (lower_body.ANKLES, lower_body.KNEES)
        )
        target = np.einsum("tji,tj->ti", pelvis, ankle - root)
        target[:, 1] -= side * body.hip
        pole = np.einsum("tji,tj->ti", pelvis, knee)
        legs[:, i] = limb_inverse(
            *(target, pole, side, body.thigh, body.shank, KNEE_DIRECTION),
            LEG_LIMITS[3],
        )
    return limit(legs, LEG_LIMITS, margin=0.03)


def _rise(heights: np.ndarray) -> np.ndarray:
    """How far to lift joints `(frames, J)` so that none sinks into the floor."""
    sunk = np.exp((_LOWEST - heights) / _SOFTNESS).sum(axis=-1)
    return _SOFTNESS * np.log1p(sunk)


def synthesize_pose(
    subject: str,
    action: str,
    take: int,
    seed: int,
    duration: float,
    frame_rate: float,
) -> Pose:
    """Joint angles and root motion of one clip.

    A clip is a function of time: another frame rate shows the same motion.

    Args:
        subject: One of `SUBJECTS`.
        action: One of `ACTIONS`.
        take: Number of the take, from 1.
        seed: Seed of the whole data set.
        duration: Length of the clip, seconds. Another length is another clip.
        frame_rate: Frames per second.

    Returns:
        The pose over time, `round(duration * frame_rate)` frames.

    Raises:
        ValueError: If there is no such subject or action.
    """
    if action not in FAMILIES:
        raise ValueError(f"Unknown action {action!r}. Actions: {', '.join(ACTIONS)}.")
    body, style = get_body(subject), get_style(subject, seed)
    times = np.arange(round(duration * frame_rate)) / frame_rate
    family: Family = FAMILIES[action]
    rng = np.random.default_rng(
        [seed, SUBJECTS.index(subject), ACTIONS.index(action), take]
    )
    mode = choose(rng, family.modes)
    start = np.append(rng.uniform(-400, 400, 2), rng.uniform(0, 2 * np.pi))
    step_time = style.step_time * rng.uniform(0.95, 1.1) / np.sqrt(family.speed)
    moments = plan(rng, family, style, mode, start, step_time, duration)
    place, standing = _standing(
        rng, body, style, family, mode, start, moments, step_time, times
    )
    track = _lower_track(rng, body, place, standing, moments, times)
    feet_ahead = lower_body.gait(standing)
    fidget = signals.noise(rng, times, 6, 0.08, 0.5)
    root = track[:, lower_body.PELVIS] + _PELVIS_FIDGET * fidget[:, :3]
    pitch, roll, yaw = (
        track[:, lower_body.TILT] + style.energy * _TILT_FIDGET * fidget[:, 3:]
    ).T
    zero = np.zeros_like(yaw)
    turn = rotation(np.stack([zero, zero, yaw], axis=-1))
    pelvis = turn @ torso_rotation(np.stack([pitch, roll, zero], axis=-1))
    spine, head = _torso(rng, style, moments, track, feet_ahead, body.leg, times)
    pose = Pose(
        root=root,
        pelvis=pelvis,
        spine=spine,
        head=head,
        arms=_arms(rng, body, style, moments, feet_ahead, times),
        legs=_legs(body, root, pelvis, track),
    )
    pose.root[:, 2] += _rise(forward(body, pose)[..., 2])
    return pose


def synthesize_motion(
    subject: str,
    action: str,
    take: int,
    seed: int,
    duration: float,
    frame_rate: float,
) -> np.ndarray:
    """Joints of one clip in the world, `(frames, 17, 3)` mm, z up, the floor at 0.

    Arguments and errors are those of `synthesize_pose`.
    """
    pose = synthesize_pose(subject, action, take, seed, duration, frame_rate)
    return forward(get_body(subject), pose)
