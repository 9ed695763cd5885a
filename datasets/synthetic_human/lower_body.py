"""Where the pelvis and the feet are: walking, stepping, sitting, kneeling.

A track is `(frames, 19)`: the pelvis' position (3) and pitch, roll, yaw (3), the
ankles of left and right (2 x 3), the directions of the knees (2 x 3), and the spine's
forward flexion that goes with it. Lengths are mm, angles radians, in the world's frame.
"""

import collections.abc

import numpy as np

from . import signals
from .kinematics import SIDES, Body
from .subjects import Style

# A path maps times (n,) to floor position and heading, (n, 3): x, y in mm, yaw.
Path = collections.abc.Callable[[np.ndarray], np.ndarray]

PELVIS, TILT, SPINE = slice(0, 3), slice(3, 6), 18
ANKLES, KNEES = slice(6, 12), slice(12, 18)
_MEAN_LEG = 882.0
_SWING = 0.8
_TOE_OUT = 0.12


def _posture(pelvis, pitch, spine, left, right, left_knee, right_knee):
    """One row of a track; ankles and knees are (forward, outward, up)."""
    out = np.array([1.0, -1.0, 1.0])
    return np.concatenate(
        [
            *[pelvis, (np.radians(pitch), 0.0, 0.0)],
            *[left, right * out, left_knee, right_knee * out, (np.radians(spine),)],
        ]
    )


_UP, _OUT = (0.6, 0.2, 0.9), (0.5, 0.9, 0.6)
_KNEEL = (0.8, 0.1, -0.6)
# Pelvis (forward, left, up) mm, its pitch and the spine's flexion in degrees, the
# ankles and the directions of the knees, for a leg of 882 mm.
POSTURES = {
    "chair": _posture((0, 0, 505), -8, 12, (400, 120, 82), (380, 130, 82), _UP, _UP),
    "chair_tucked": _posture(
        (0, 0, 505), 10, 6, (180, 110, 100), (300, 120, 82), _UP, _UP
    ),
    "chair_stretched": _posture(
        (40, 0, 490), -22, 20, (720, 70, 82), (560, 110, 82), _UP, _UP
    ),
    "chair_crossed": _posture(
        (0, 0, 505), -12, 15, (400, 90, 82), (560, -70, 330), _UP, (0.6, 0.0, 0.9)
    ),
    "chair_figure_four": _posture(
        (0, 0, 505), -14, 15, (410, 110, 82), (330, -60, 560), _UP, _OUT
    ),
    "chair_forward": _posture(
        (0, 0, 505), 22, 32, (330, 170, 82), (320, 160, 82), _UP, _UP
    ),
    "squat": _posture(
        (-110, 0, 370),
        16,
        18,
        (60, 150, 105),
        (40, 150, 105),
        (1, 0.4, 0.2),
        (1, 0.4, 0.2),
    ),
    "crouch": _posture(
        (-150, 0, 560), 35, 18, (60, 130, 82), (-40, 130, 82), (1, 0.2, 0), (1, 0.2, 0)
    ),
    "bend": _posture(
        (-190, 0, 850), 48, 42, (20, 120, 82), (-60, 120, 82), (1, 0.1, 0), (1, 0.1, 0)
    ),
    "bow": _posture(
        (-110, 0, 900), 28, 25, (10, 85, 82), (0, 85, 82), (1, 0.1, 0), (1, 0.1, 0)
    ),
    "wide": _posture(
        (0, 0, 875), 2, 0, (30, 330, 82), (-20, 330, 82), (1, 0.5, 0), (1, 0.5, 0)
    ),
    "lean": _posture(
        (-10, 110, 935), 4, 4, (0, 110, 82), (130, 40, 90), (1, 0.1, 0), (1, 0.3, 0)
    ),
    "lunge": _posture(
        (0, 0, 730), 6, 4, (380, 120, 82), (-400, 110, 150), (1, 0.2, 0), (1, 0.2, 0)
    ),
    "half_kneel": _posture(
        (0, 0, 500), 4, 10, (400, 120, 82), (-390, 110, 80), (0.9, 0.2, 0.5), _KNEEL
    ),
    "kneel": _posture(
        (0, 0, 505), 2, 6, (-400, 100, 62), (-400, 110, 62), _KNEEL, _KNEEL
    ),
    "seiza": _posture(
        (0, 0, 295), 6, 8, (-75, 90, 62), (-75, 90, 62), (1, 0.2, -0.1), (1, 0.2, -0.1)
    ),
    "floor_long": _posture(
        (0, 0, 115), -14, 18, (800, 110, 75), (790, 130, 75), _UP, _UP
    ),
    "floor_knees_up": _posture(
        (0, 0, 115), -14, 26, (430, 120, 82), (470, 130, 82), _UP, _UP
    ),
    "floor_crossed": _posture(
        (0, 0, 125), -6, 24, (250, -40, 80), (340, -70, 85), _OUT, _OUT
    ),
    "floor_one_up": _posture(
        (0, 0, 115), -14, 24, (380, 110, 82), (740, 150, 75), _UP, (0.6, 0.4, 0.9)
    ),
}


def still_path(start: np.ndarray, moves: list[tuple[float, float, np.ndarray]]) -> Path:
    """Path that stands at `start` and then makes `moves`: time, duration, place."""
    starts = [0.0, *[move[0] for move in moves]]
    durations = [1.0, *[move[1] for move in moves]]
    places = [start, *[move[2] for move in moves]]
    return lambda times: signals.sequence(times, starts, durations, places)


def loop_path(rng: np.random.Generator, speed: float) -> Path:
    """Path along a rounded loop or a figure of eight, inside a circle of 1.5 m."""
    figure_of_eight = rng.uniform() < 0.3
    phase = np.linspace(0, 2 * np.pi, 4001)
    radius = 1150 * (1 + 0.12 * np.sin(2 * phase + rng.uniform(0, 2 * np.pi)))
    across = rng.uniform(0.6, 0.95)
    if figure_of_eight:
        loop = np.stack([1.1 * np.sin(phase), 0.75 * np.sin(2 * phase)], axis=-1)
    else:
        loop = np.stack([np.cos(phase), across * np.sin(phase)], axis=-1)
    turn = rng.uniform(0, 2 * np.pi)
    cosine, sine = np.cos(turn), np.sin(turn)
    loop = radius[:, None] * loop @ np.array([[cosine, sine], [-sine, cosine]])
    loop = loop + rng.uniform(-120, 120, 2)
    if rng.uniform() < 0.5:
        loop = loop[::-1]
    steps = np.diff(loop, axis=0)
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(steps, axis=-1))])
    heading = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    heading = np.concatenate([heading, [heading[0] + heading[-1] - heading[0]]])
    total, full_turn = lengths[-1], np.round((heading[-1] - heading[0]) / np.pi) * np.pi
    offset = rng.uniform(0, total)
    pulse, phase_0 = rng.uniform(0.1, 0.25), rng.uniform(0, 2 * np.pi)

    def path(times):
        # The speed varies by a fifth or so around its mean.
        drift = pulse * np.sin(0.8 * times + phase_0) / 0.8
        laps, rest = np.divmod(offset + speed * (times + drift), total)
        x, y = (np.interp(rest, lengths, loop[:, i]) for i in range(2))
        yaw = np.interp(rest, lengths, heading) + laps * full_turn
        return np.stack([x, y, yaw], axis=-1)

    return path


def plan_steps(start: float, end: float, step_time: float) -> list[tuple[float, int]]:
    """Start times of alternating steps between two times, with the foot (0 is left)."""
    num_steps = max(2, round((end - start) / step_time))
    return [(start + i * step_time, i % 2) for i in range(num_steps)]


def _feet(path, steps, step_time, stance, ankle_height, times):
    """Ankles `(frames, 2, 3)` and headings of the feet `(frames, 2)`.

    A foot is planted where the path will be halfway through its time on the floor.
    """
    ankles, headings = np.empty((len(times), 2, 3)), np.empty((len(times), 2))
    begin = min(times[0], *[start for start, _ in steps]) if steps else times[0]
    for foot, side in enumerate(SIDES):
        own = [begin, *[start for start, f in steps if f == foot]]
        place = path(np.array(own) + 1.45 * step_time * (np.arange(len(own)) > 0))
        yaw = place[:, 2]
        place[:, :2] += side * stance / 2 * np.stack([-np.sin(yaw), np.cos(yaw)], -1)
        place[:, 2] += side * _TOE_OUT
        swing = [_SWING * step_time] * len(own)
        track = signals.sequence(times, own, swing, list(place))
        ankles[:, foot, :2], headings[:, foot] = track[:, :2], track[:, 2]
        strides = np.linalg.norm(np.diff(place[:, :2], axis=0), axis=-1)
        phases = (times - np.array(own[1:])[:, None] + 0.1 * step_time) / step_time
        lifts = (25 + 0.11 * strides)[:, None] * signals.bump(phases)
        ankles[:, foot, 2] = ankle_height + lifts.sum(axis=0)
    return ankles, headings


def stand(
    body: Body,
    style: Style,
    path: Path,
    steps: list[tuple[float, int]],
    step_time: float,
    stance: float,
    times: np.ndarray,
) -> np.ndarray:
    """Track of a person on their feet who follows a path in steps.

    Args:
        body: Bone lengths.
        style: Habits.
        path: Floor position and heading over time.
        steps: Start times and feet, as `plan_steps` gives them.
        step_time: Time between two footfalls, seconds.
        stance: Distance between the lines of the two feet, mm.
        times: Seconds, `(frames,)`.

    Returns:
        The track, `(frames, 19)`.
    """
    ankles, headings = _feet(path, steps, step_time, stance, body.ankle_height, times)
    place = path(times)
    yaw = place[:, 2]
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    left = np.stack([-np.sin(yaw), np.cos(yaw)], axis=-1)
    offsets = np.einsum("tfi,ti->tf", ankles[..., :2] - place[:, None, :2], ahead)
    apart = (offsets[:, 0] - offsets[:, 1]) / body.leg
    lifted = (ankles[:, 0, 2] - ankles[:, 1, 2]) / body.leg

    track = np.zeros((len(times), 19))
    track[:, :2] = place[:, :2] - 130 * lifted[:, None] * left
    drop = (0.44 * apart) ** 2
    reach = np.sqrt(style.knee_reach**2 - np.minimum(drop, 0.3))
    track[:, 2] = body.ankle_height + body.leg * reach
    track[:, 3] = 0.03
    track[:, 4] = 0.1 * lifted
    track[:, 5] = yaw - 0.15 * apart
    track[:, ANKLES] = ankles.reshape(-1, 6)
    for foot in range(2):
        knee = (headings[:, foot] + yaw) / 2
        track[:, 12 + 3 * foot] = np.cos(knee)
        track[:, 13 + 3 * foot] = np.sin(knee)
    return track


def gait(standing: np.ndarray) -> np.ndarray:
    """How far each ankle is ahead of the pelvis in a track of `stand`, mm."""
    yaw = standing[:, 5]
    ahead = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    ankles = standing[:, ANKLES].reshape(-1, 2, 3)[..., :2]
    return np.einsum("tfi,ti->tf", ankles - standing[:, None, :2], ahead)


def place_posture(
    name: str, body: Body, place: np.ndarray, mirrored: bool, rng: np.random.Generator
) -> np.ndarray:
    """Track of a posture held at `place`.

    Args:
        name: Key of `POSTURES`.
        body: Bone lengths.
        place: Floor position and heading, `(frames, 3)`.
        mirrored: Whether left and right change sides.
        rng: Source of the variation from one use to the next.

    Returns:
        The track, `(frames, 19)`.
    """
    row = POSTURES[name].copy()
    points = np.concatenate([row[PELVIS], row[ANKLES]]).reshape(3, 3)
    points[1:, :2] += rng.normal(0, 30, (2, 2))
    points *= body.leg / _MEAN_LEG
    knees = row[KNEES].reshape(2, 3)
    tilt = row[TILT] + rng.normal(0, np.radians(4), 3)
    if mirrored:
        flip = np.array([1.0, -1.0, 1.0])
        points = points[[0, 2, 1]] * flip
        knees = knees[::-1] * flip
    yaw = place[:, 2]
    zero = np.zeros_like(yaw)
    turn = np.stack([np.cos(yaw), -np.sin(yaw), zero, np.sin(yaw), np.cos(yaw), zero])
    turn = np.concatenate([turn, [zero, zero, zero + 1]]).T.reshape(-1, 3, 3)
    vectors = np.concatenate([points, knees]) @ turn.swapaxes(1, 2)
    vectors[:, :3, :2] += place[:, None, :2]
    track = np.zeros((len(yaw), 19))
    track[:, PELVIS] = vectors[:, 0]
    track[:, TILT] = tilt
    track[:, 5] += yaw
    track[:, ANKLES] = vectors[:, 1:3].reshape(-1, 6)
    track[:, KNEES] = vectors[:, 3:].reshape(-1, 6)
    track[:, SPINE] = row[SPINE] + rng.normal(0, np.radians(5))
    return track
