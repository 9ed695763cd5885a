"""What a person does in a clip: a walk along key poses that can follow each other."""

import collections
import dataclasses
import functools

import numpy as np

from .key_poses import KEY_POSES

# Key poses between which people go directly, in either direction: each with all of the
# others of its line.
_GROUPS = """
supine supine_knees_up supine_legs_up supine_twist
supine_knees_up supine_hug supine_legs_up bridge crunch
supine_knees_up crunch sit_up
supine left_side
supine_knees_up left_side fetal
left_side prone
left_side side_propped
prone prone_feet_up sphinx superman
prone cobra sphinx
prone push_up_low
supine_legs_up plow shoulder_stand
supine_knees_up wheel
supine long_sit long_sit_propped
sit_up knees_up boat
long_sit long_sit_propped forward_bend cross_legged knees_up side_sit
knees_up hug_knees cross_legged side_sit
knees_up boat
long_sit_propped crab
knees_up squat
side_sit side_propped
side_sit seiza
side_sit all_fours
all_fours crawl cat_cow bird_dog
all_fours child_pose kneel_bow
all_fours kneel_bow seiza kneel
all_fours bear plank knee_push_up
all_fours prone
child_pose seiza kneel_bow
plank push_up_low forearm_plank side_plank down_dog
cobra down_dog
sphinx forearm_plank
down_dog three_legged_dog bear
down_dog forward_fold runner_lunge
bear squat_hands_down
knee_push_up prone
kneel half_kneel seiza
half_kneel stand lunge
squat squat_hands_down half_squat
squat half_kneel
squat_hands_down headstand handstand_tuck
handstand_tuck handstand
forward_fold handstand_tuck half_squat
forward_fold squat_hands_down
stand half_squat side_bend back_bend forward_fold lunge warrior
stand knee_raise kick side_kick arabesque quad_stretch tree side_lunge
knee_raise kick side_kick quad_stretch tree
lunge runner_lunge warrior
half_squat side_lunge take_off
stand take_off
take_off jump
take_off tuck_jump
take_off star_jump
take_off pike_jump
take_off leap
take_off back_jump
"""


@functools.cache
def neighbours() -> dict[str, tuple[str, ...]]:
    """Key poses that can follow each key pose."""
    found = collections.defaultdict(set)
    for line in _GROUPS.split("\n"):
        names = line.split()
        for name in names:
            found[name] |= set(names) - {name}
    return {name: tuple(sorted(others)) for name, others in found.items()}


@functools.cache
def path_between(start: str, end: str) -> tuple[str, ...]:
    """Fewest key poses on the way from `start`, left out, to `end`.

    Raises:
        ValueError: If there is no way.
    """
    paths = {start: ()}
    waiting = collections.deque([start])
    while waiting:
        name = waiting.popleft()
        if name == end:
            return paths[name]
        for other in neighbours()[name]:
            if other not in paths:
                paths[other] = (*paths[name], other)
                waiting.append(other)
    raise ValueError(f"There is no way from {start!r} to {end!r}.")


# Key poses of each routine, with weights where they are not 1.
_ROUTINES = {
    "Lying": "supine:2 supine_knees_up supine_legs_up left_side:2 fetal prone:2 "
    "prone_feet_up",
    "Rolling": "supine left_side:2 prone fetal supine_twist supine_hug",
    "LyingStretches": "supine_legs_up supine_hug supine_twist bridge sphinx cobra "
    "superman side_propped:2",
    "FloorSitting": "long_sit long_sit_propped cross_legged:2 knees_up hug_knees "
    "side_sit forward_bend",
    "Crawling": "crawl:6 all_fours bear",
    "FloorExercises": "all_fours cat_cow bird_dog child_pose crab side_plank boat "
    "wheel",
    "PushUps": "plank:3 push_up_low:3 forearm_plank knee_push_up side_plank",
    "SitUps": "supine_knees_up sit_up:2 crunch boat supine_legs_up",
    "DownwardDogs": "down_dog:3 three_legged_dog:2 forward_fold bear runner_lunge",
    "ShoulderStands": "shoulder_stand:3 plow:2 supine_legs_up wheel",
    "Handstands": "handstand:3 handstand_tuck headstand:2",
    "Squatting": "squat:3 squat_hands_down half_squat:2 side_lunge",
    "Kneeling": "kneel:2 seiza half_kneel:2 kneel_bow child_pose",
    "StandingArms": "stand:5 side_bend back_bend half_squat forward_fold",
    "KicksAndLunges": "kick:2 side_kick knee_raise lunge warrior side_lunge "
    "runner_lunge arabesque quad_stretch tree",
    "Jumping": "jump:2 tuck_jump star_jump:2 pike_jump leap:2 back_jump",
    "GettingUp": "supine prone left_side fetal stand:5 long_sit cross_legged",
}
ROUTINES = tuple(_ROUTINES)


def _weights(text: str) -> dict[str, float]:
    pairs = (word.partition(":") for word in text.split())
    return {name: float(weight or 1) for name, _, weight in pairs}


POSES_OF_ROUTINES = {name: _weights(text) for name, text in _ROUTINES.items()}


@dataclasses.dataclass(frozen=True)
class Stop:
    """A key pose on the way.

    Attributes:
        name: Key of `KEY_POSES`.
        start: When the movement into it begins, seconds.
        duration: How long that takes, seconds.
        end: When it is left, seconds.
    """

    name: str
    start: float
    duration: float
    end: float


def _duration(rng, before: str, after: str) -> float:
    """Time for a change of pose: longer where the trunk turns far."""
    first, second = KEY_POSES[before], KEY_POSES[after]
    turn = abs(first.pitch - second.pitch) + 0.5 * abs(first.spin - second.spin)
    return (0.55 + min(turn, 180) / 110) * rng.uniform(0.8, 1.3)


def plan(rng: np.random.Generator, routine: str, end: float) -> list[Stop]:
    """Draws the stops of a clip.

    Args:
        rng: Source of the draws.
        routine: One of `ROUTINES`.
        end: End of the clip, seconds; the clip begins at 0.

    Returns:
        Stops in order of time, the first of which begins before the clip.
    """
    weights = POSES_OF_ROUTINES[routine]
    names, shares = list(weights), np.array(list(weights.values()))
    target = str(rng.choice(names, p=shares / shares.sum()))
    if KEY_POSES[target].mode == "fly":
        target = "take_off"
    now = -rng.uniform(0.5, 1.5)
    stops = [Stop(target, now, 0.0, now + rng.uniform(0.6, 1.8))]
    while stops[-1].end < end:
        name = str(rng.choice(names, p=shares / shares.sum()))
        way = path_between(stops[-1].name, name) or (name,)
        if KEY_POSES[name].mode == "fly" and len(way) == 1 and stops[-1].name == name:
            way = ("take_off", name)
        for number, stop in enumerate(way):
            start = stops[-1].end
            if KEY_POSES[stop].mode == "fly" or KEY_POSES[stops[-1].name].mode == "fly":
                duration, hold = rng.uniform(0.3, 0.42), 0.02
            else:
                duration = _duration(rng, stops[-1].name, stop)
                is_last = number == len(way) - 1
                hold = rng.uniform(0.3, 1.6) if is_last else rng.uniform(0.0, 0.3)
            stops.append(Stop(stop, start, duration, start + duration + hold))
    return stops
