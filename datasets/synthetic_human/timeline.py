"""What a person goes into during a clip, and when."""

import dataclasses

import numpy as np

from .families import (
    CHAIR,
    WAYS_DOWN,
    Family,
    idle_hands,
)
from .subjects import Style

# Longest step and widest turn of a person who walks to another place.
_STEP, _STEP_TURN = 380.0, 0.7
# Standing people stay within this distance of the middle along x and y, mm.
_AREA = 600.0


@dataclasses.dataclass(frozen=True)
class Moment:
    """What a person goes into at one time and holds until the next.

    Attributes:
        start: When the change begins, seconds.
        duration: How long the change takes, seconds.
        posture: "stand" or a key of `lower_body.POSTURES`.
        gestures: Gestures of the left and the right hand.
        chest: Flexion, bend and turn of the chest, radians.
        head: The same of the head against the chest.
        step_to: Floor position and heading to walk to, `(3,)`, or None to stay.
    """

    start: float
    duration: float
    posture: str
    gestures: tuple[str, str]
    chest: np.ndarray
    head: np.ndarray
    step_to: np.ndarray | None = None


def choose(rng: np.random.Generator, weights: dict[str, float]) -> str:
    """Draws a key with probability proportional to its weight."""
    probabilities = np.array(list(weights.values()), dtype=float)
    return str(rng.choice(list(weights), p=probabilities / probabilities.sum()))


def _gestures(rng, family: Family, style: Style, posture: str) -> tuple[str, str]:
    if posture in ("bend", "squat") and rng.uniform() < 0.6:
        return "reach_low", "reach_low"
    if family.both and rng.uniform() < family.both_share:
        name = choose(rng, family.both)
        return name, name
    main, other = (
        choose(rng, idle_hands(posture)) if name == "idle" else name
        for name in (choose(rng, family.main), choose(rng, family.other))
    )
    return (main, other) if style.main_hand == 0 else (other, main)


def _another(rng, postures: tuple[str, ...], current: str) -> str:
    return str(rng.choice([p for p in postures if p != current]))


def _posture(rng, family: Family, mode: str, current: str) -> str:
    """The posture after `current`; it may stay the same."""
    if mode == "chair":
        return _another(rng, CHAIR, current) if rng.uniform() < 0.4 else current
    if mode == "floor":
        if current == "stand":
            return str(rng.choice(list(WAYS_DOWN)))
        if current in WAYS_DOWN:
            return str(rng.choice(WAYS_DOWN[current]))
        group = next(g for g in WAYS_DOWN.values() if current in g)
        return _another(rng, group, current) if rng.uniform() < 0.4 else current
    if mode == "walk":
        return "stand"
    if current == "stand":
        goes = bool(family.postures) and rng.uniform() < family.posture_share
        return str(rng.choice(family.postures)) if goes else "stand"
    return "stand" if rng.uniform() < 0.7 else current


def _walk_to(rng, place: np.ndarray) -> tuple[np.ndarray, int]:
    """Another floor position and heading, and the steps that it takes."""
    to = np.append(rng.uniform(-_AREA, _AREA, 2), place[2] + rng.normal(0, 1.2))
    distance = np.linalg.norm(to[:2] - place[:2])
    num_steps = max(distance / _STEP, abs(to[2] - place[2]) / _STEP_TURN, 1)
    return to, int(np.ceil(num_steps)) + 1


def plan(
    rng: np.random.Generator,
    family: Family,
    style: Style,
    mode: str,
    start: np.ndarray,
    step_time: float,
    end: float,
) -> list[Moment]:
    """Draws the moments of a clip.

    Args:
        rng: Source of the draws.
        family: The action.
        style: The subject's habits.
        mode: Key of `family.modes`.
        start: Floor position and heading at the beginning, `(3,)`.
        step_time: Time between two footfalls, seconds.
        end: End of the clip, seconds; the clip begins at 0.

    Returns:
        Moments in order of time; the first begins before the clip.
    """
    moments, place = [], start
    posture = str(rng.choice(CHAIR)) if mode == "chair" else "stand"
    hand = 1.0 if style.main_hand == 0 else -1.0
    now = -rng.uniform(1.0, 2.0)
    while now < end:
        previous = posture
        if moments:
            posture = _posture(rng, family, mode, previous)
        duration, step_to = rng.uniform(0.5, 1.0), None
        if posture != previous:
            duration = rng.uniform(1.2, 2.0)
        elif mode == posture == "stand" and rng.uniform() < family.step_share:
            step_to, num_steps = _walk_to(rng, place)
            duration, place = num_steps * step_time, step_to
        turn = rng.normal(hand * family.gaze[1], family.look)
        flexion = rng.normal(family.gaze[0], 9.0)
        chest = rng.normal(0, (4.0, 4.0, 9.0)) + (0, 0, 0.2 * turn)
        head = np.array([flexion, rng.normal(0, 6.0), 0.8 * turn])
        gestures = _gestures(rng, family, style, posture)
        chest, head = np.radians(chest), np.radians(head)
        moments.append(Moment(now, duration, posture, gestures, chest, head, step_to))
        now += duration + rng.uniform(*family.hold)
    return moments
