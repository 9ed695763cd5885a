"""Puts a clip together: stops, angles, contact with the floor, joints."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from .. import signals
from ..kinematics import Pose, forward, limit, rotation
from .bodies import Person
from .contact import contact_weights, lift, settle, stay
from .draws import DrawnPose, draw_pose
from .key_poses import KEY_POSES
from .limbs import place_limbs
from .limits import ARM_LIMITS, HEAD_LIMITS, LEG_LIMITS, SPINE_LIMITS
from .points import MASS, clearances
from .routines import ROUTINES, Stop, plan

# Movement while a pose is held, degrees: of the pelvis, then spine, head, arms, legs.
_PELVIS_FIDGET = np.radians([1.5, 1.5, 2.0])
_FIDGET = np.radians(
    [2.0, 1.5, 2.5, 4.0, 3.0, 5.0, *[5.0, 4.0, 5.0, 6.0] * 2, *[3.0, 2.0, 2.5, 4.0] * 2]
)
_TURN = np.radians(15.0)
# Largest angular velocity of a joint on the way to a pose, radians per second.
_FASTEST = 9.0
# A flight begins and ends this far into the movements into and out of it.
_FLIGHT = 0.35
_GRAVITY = 9810.0
# Height of a standing person's centre of mass, as a share of the stature.
_MASS_HEIGHT = 0.56
# What no joint may fall below, as a share of its clearance, and how softly, mm.
_LOWEST, _SOFTNESS = 0.8, 4.0


def _log(matrix: np.ndarray) -> np.ndarray:
    """Rotation vector of a matrix whose angle is below a half turn."""
    angle = np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1))
    skew = np.array(
        [
            matrix[2, 1] - matrix[1, 2],
            matrix[0, 2] - matrix[2, 0],
            matrix[1, 0] - matrix[0, 1],
        ]
    )
    return angle * skew / max(np.linalg.norm(skew), 1e-9)


def _unhurried(stops: list[Stop], poses: list[DrawnPose]) -> list[Stop]:
    """Stops with more time where a joint would otherwise turn too fast.

    Flights keep theirs, which their height follows from.
    """
    result, delay = [stops[0]], 0.0
    for stop, before, after in zip(stops[1:], poses[:-1], poses[1:]):
        # A movement of minimum jerk is at most 1.875 times as fast as on average.
        turn = np.abs(after.angles - before.angles).max()
        flies = "fly" in (KEY_POSES[result[-1].name].mode, KEY_POSES[stop.name].mode)
        least = 0.0 if flies else 1.875 * turn / _FASTEST
        duration = max(stop.duration, least)
        start, delay = stop.start + delay, delay + duration - stop.duration
        result.append(Stop(stop.name, start, duration, stop.end + delay))
    return result


def _facing(before: np.ndarray, tilt: np.ndarray, turn: float) -> np.ndarray:
    """`tilt` turned about the vertical to be near `before`, and `turn` further."""
    change = tilt @ before.T
    yaw = np.arctan2(change[0, 1] - change[1, 0], change[0, 0] + change[1, 1])
    return rotation(np.array([0.0, 0.0, yaw + turn])) @ tilt


def _pelvis(rng, stops: list[Stop], poses: list[DrawnPose], busy, times):
    """Rotations of the pelvis through the poses, `(frames, 3, 3)`."""
    yaw = rotation(np.array([0.0, 0.0, rng.uniform(0, 2 * np.pi)]))
    last = yaw @ poses[0].tilt
    track = np.repeat(last[None], len(times), axis=0)
    for stop, pose in zip(stops[1:], poses[1:]):
        new = _facing(last, pose.tilt, rng.normal(0, _TURN))
        weight = signals.smooth_step((times - stop.start) / stop.duration)
        track = track @ rotation(weight[:, None] * _log(last.T @ new))
        last = new
    noise = signals.noise(rng, times, 3, 0.08, 0.5)
    return track @ rotation(busy * _PELVIS_FIDGET * noise)


def _flight(stops: list[Stop], times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of being in the air, and height above the take-off in mm, `(frames,)`."""
    airborne, height = np.zeros(len(times)), np.zeros(len(times))
    for stop, following in zip(stops, stops[1:]):
        if KEY_POSES[stop.name].mode == "fly":
            begin = stop.start + _FLIGHT * stop.duration
            end = following.start + (1 - _FLIGHT) * following.duration
            phase = np.clip((times - begin) / (end - begin), 0, 1)
            bow = 4 * phase * (1 - phase)
            height += _GRAVITY * (end - begin) ** 2 / 8 * bow
            airborne += signals.smooth_step(3 * bow)
    return airborne, height


def _mirror(pose: Pose) -> Pose:
    """The pose with left and right exchanged."""
    flip = np.array([1.0, -1.0, 1.0])
    # Flexion stays, bend and turn change sides.
    turn = np.array([1.0, -1.0, -1.0])
    return Pose(
        root=pose.root * flip,
        pelvis=pose.pelvis * np.outer(flip, flip),
        spine=pose.spine * turn,
        head=pose.head * turn,
        arms=pose.arms[:, ::-1],
        legs=pose.legs[:, ::-1],
    )


@dataclasses.dataclass
class _Draft:
    """Frames of one or more clips by one person, before they meet the floor.

    `contact` is `DrawnPose.contact` over time, `(frames, 25)`; `airborne` and `height`
    are those of `_flight`.
    """

    pose: Pose
    contact: np.ndarray
    airborne: np.ndarray
    height: np.ndarray


def _draft(person: Person, routine: str, rng, times: np.ndarray) -> _Draft:
    stops = plan(rng, routine, times[-1])
    poses = [draw_pose(rng, stop.name, person) for stop in stops]
    stops = _unhurried(stops, poses)
    starts = [stop.start for stop in stops]
    durations = [stop.duration for stop in stops]

    def track(values):
        return signals.sequence(times, starts, durations, values)

    busy = track([np.array([pose.busy]) for pose in poses])
    contact = track([pose.contact for pose in poses])
    angles = track([pose.angles for pose in poses])
    angles += busy * _FIDGET * signals.noise(rng, times, len(_FIDGET), 0.1, 0.7)
    pose = Pose(
        root=np.zeros((len(times), 3)),
        pelvis=_pelvis(rng, stops, poses, busy, times),
        spine=limit(angles[:, :3], SPINE_LIMITS),
        head=limit(angles[:, 3:6], HEAD_LIMITS),
        arms=limit(angles[:, 6:14].reshape(-1, 2, 4), ARM_LIMITS, 0.04),
        legs=limit(angles[:, 14:].reshape(-1, 2, 4), LEG_LIMITS, 0.04),
    )
    return _Draft(pose, contact, *_flight(stops, times))


def _join(drafts: list[_Draft]) -> _Draft:
    poses = [vars(draft.pose) for draft in drafts]
    joined = {key: np.concatenate([pose[key] for pose in poses]) for key in poses[0]}
    others = ("contact", "airborne", "height")
    tracks = [np.concatenate([getattr(d, key) for d in drafts]) for key in others]
    return _Draft(Pose(**joined), *tracks)


def _ground(person: Person, draft: _Draft) -> tuple[Pose, np.ndarray]:
    """Tips the body to rest or balance, places the limbs, and lifts it to the floor.

    Returns:
        The pose, and how much of the weight each joint bears, `(frames, 17)`.
    """
    pose, contact, airborne = draft.pose, draft.contact, draft.airborne
    support = contact[:, :17] / contact[:, :17].max(axis=1, keepdims=True)
    planted = contact[:, 17:21] * (1 - airborne[:, None])
    rest, balance = contact[:, 23:24], contact[:, 24:25]
    clearance = clearances(person, contact[:, 21:23])
    points = forward(person.body, pose)
    turn = settle(points, clearance, support, rest, balance)
    pose.pelvis = turn @ pose.pelvis
    points = points @ turn.swapaxes(1, 2)
    on_floor = lift(points, clearance, support, balance)
    in_air = draft.height + _MASS_HEIGHT * person.stature - MASS @ points[..., 2].T
    pose.root[:, 2] += (1 - airborne) * on_floor + airborne * in_air
    pose = place_limbs(person, pose, clearance, planted)
    sunk = _LOWEST * clearance - forward(person.body, pose)[..., 2]
    rise = _SOFTNESS * np.log1p(np.exp(sunk / _SOFTNESS).sum(axis=1))
    pose.root[:, 2] += rise
    heights = forward(person.body, pose)[..., 2] - clearance
    return pose, contact_weights(heights, support, 15.0)


def synthesize_poses(
    person: Person,
    routines: Sequence[str],
    rngs: Sequence[np.random.Generator],
    duration: float,
    frame_rate: float,
) -> list[Pose]:
    """Joint angles and root motion of clips by one person.

    A clip is a function of its own routine and generator, whatever the others are.

    Args:
        person: Who moves.
        routines: The clips' routines, of `ROUTINES`.
        rngs: Source of all that is drawn for each clip.
        duration: Length of a clip, seconds.
        frame_rate: Frames per second.

    Returns:
        The pose over time of each clip, `round(duration * frame_rate)` frames, with its
        middle over the world's origin.

    Raises:
        ValueError: If there is no such routine.
    """
    for routine in routines:
        if routine not in ROUTINES:
            raise ValueError(
                f"Unknown routine {routine!r}. Routines: {', '.join(ROUTINES)}."
            )
    times = np.arange(round(duration * frame_rate)) / frame_rate
    drafts = [_draft(person, *clip, times) for clip in zip(routines, rngs)]
    joined = _join(drafts)
    pose, weights = _ground(person, joined)
    points = forward(person.body, pose)
    result = []
    for number, rng in enumerate(rngs):
        own = slice(number * len(times), (number + 1) * len(times))
        clip = Pose(**{key: track[own] for key, track in vars(pose).items()})
        path = stay(points[own], weights[own], joined.airborne[own])
        clip.root[:, :2] += path - (path.min(axis=0) + path.max(axis=0)) / 2
        result.append(_mirror(clip) if rng.uniform() < 0.5 else clip)
    return result


def synthesize_motion(
    person: Person,
    routine: str,
    rng: np.random.Generator,
    duration: float,
    frame_rate: float,
) -> np.ndarray:
    """Joints of one clip in the world, `(frames, 17, 3)` mm, z up, the floor at 0.

    Arguments and errors are those of `synthesize_poses`.
    """
    [pose] = synthesize_poses(person, [routine], [rng], duration, frame_rate)
    return forward(person.body, pose)
