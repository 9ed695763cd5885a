"""The fifteen motion families, as data: which postures, gestures and tempo each has."""

import dataclasses

CHAIR = (
    "chair",
    "chair_tucked",
    "chair_stretched",
    "chair_crossed",
    "chair_figure_four",
    "chair_forward",
)
_FLOOR = ("floor_long", "floor_knees_up", "floor_crossed", "floor_one_up")
_KNEELING = ("kneel", "seiza")
# Ways of getting down and what can follow: from a squat the feet stay in front of the
# pelvis, from kneeling on one knee they end up behind it.
WAYS_DOWN = {"squat": _FLOOR, "crouch": _FLOOR, "half_kneel": _KNEELING}

# What an idle hand does in each posture; the part before the underscore is looked up
# where the whole name is missing.
IDLE_HANDS = {
    "stand": {"hang": 5, "pocket": 1, "hip": 1, "beside": 0.5},
    "chair": {"thigh": 4, "knee": 2, "lap": 2, "hang": 0.5},
    "floor": {"knee": 2, "lap": 2, "thigh": 1, "prop": 1.5, "beside": 1.5},
    "seiza": {"thigh": 3, "lap": 2, "hang": 1},
    "kneel": {"hang": 2, "thigh": 2, "hip": 1},
    "half": {"thigh": 2, "knee": 2, "hang": 1},
    "squat": {"reach_low": 2, "knee": 2, "hang": 1, "lap": 1},
    "crouch": {"knee": 2, "thigh": 2, "reach_low": 1},
    "bend": {"reach_low": 4, "reach_front": 1, "knee": 1},
    "lunge": {"hang": 2, "hip": 1, "thigh": 1},
}


@dataclasses.dataclass(frozen=True)
class Family:
    """What makes an action look like itself.

    Attributes:
        main: Gestures of the main hand with their weights; "idle" stands for
            `IDLE_HANDS`.
        other: The same for the other hand.
        both: Gestures that both hands do alike.
        both_share: How often both hands do the same.
        modes: Weights of the clip as a whole: `stand`, `walk`, `chair` or `floor`
            (stands first, then sits down on the floor).
        postures: Postures, with weights, that a standing person goes into.
        posture_share: How often one of `postures` is taken.
        step_share: How often a standing person walks to another place.
        hold: Shortest and longest time that a gesture is held, seconds.
        look: Standard deviation of the head's turn, degrees.
        gaze: Mean flexion of the head and mean turn to the main side, degrees.
        speed: Factor on the walking speed.
    """

    main: dict[str, float]
    other: dict[str, float] = dataclasses.field(default_factory=lambda: {"idle": 1})
    both: dict[str, float] = dataclasses.field(default_factory=dict)
    both_share: float = 0.0
    modes: dict[str, float] = dataclasses.field(default_factory=lambda: {"stand": 1})
    postures: tuple[str, ...] = ()
    posture_share: float = 0.0
    step_share: float = 0.25
    hold: tuple[float, float] = (0.5, 2.0)
    look: float = 20.0
    gaze: tuple[float, float] = (0.0, 0.0)
    speed: float = 1.0


_TALK = {"talk_low": 2, "talk_high": 2, "talk_wide": 1.5}
_POINT = {"point_front": 2, "point_side": 2, "point_across": 1, "point_up": 1}

FAMILIES = {
    "Directions": Family(
        main=_POINT | {"idle": 1, "talk_low": 1},
        other={"idle": 4, "point_side": 1, "point_front": 1, "talk_low": 1},
        both={"point_front": 1, "out": 1, "talk_wide": 1},
        both_share=0.12,
        look=30,
        step_share=0.35,
    ),
    "Discussion": Family(
        main=_TALK | {"point_front": 0.5, "idle": 1, "chin": 0.4},
        other=_TALK | {"idle": 3, "hip": 1},
        both=_TALK | {"crossed": 1, "out": 0.4, "clasp": 0.5},
        both_share=0.4,
        hold=(0.3, 1.4),
    ),
    "Eating": Family(
        main={"mouth": 3, "plate": 3, "reach_front": 0.5},
        other={"plate": 3, "mouth": 0.7, "idle": 2},
        modes={"chair": 3, "stand": 1},
        step_share=0.1,
        hold=(0.4, 1.4),
        look=12,
        gaze=(14, 0),
    ),
    "Greeting": Family(
        main={"wave": 3, "shake_hand": 2, "point_up": 0.7, "chest": 0.7, "idle": 1},
        other={"idle": 4, "wave": 0.5},
        both={"out": 1, "wave": 1, "chest": 0.6, "clasp": 0.5},
        both_share=0.2,
        postures=("bow",),
        posture_share=0.2,
        hold=(0.7, 1.8),
        step_share=0.3,
    ),
    "Phoning": Family(
        main={"phone": 9, "dial": 1},
        other=_TALK | {"idle": 6, "hip": 1, "chest": 0.5},
        modes={"stand": 2, "walk": 1, "chair": 1.5},
        hold=(1.0, 3.0),
        gaze=(6, 8),
        speed=0.8,
    ),
    "Photo": Family(
        main={"camera": 3, "camera_high": 1, "dial": 1, "idle": 1},
        other={"camera": 1, "point_front": 0.5, "idle": 2},
        both={"camera": 4, "camera_high": 1.5, "dial": 1},
        both_share=0.75,
        postures=("crouch", "half_kneel", "lunge"),
        posture_share=0.3,
        hold=(0.8, 2.2),
        look=10,
    ),
    "Posing": Family(
        main={"hip": 2, "overhead": 1.5, "flex": 1, "head": 1, "out": 1, "point_up": 1},
        other={"idle": 2, "hip": 2, "out": 1, "flex": 0.5, "behind": 0.7},
        both={
            "hip": 2,
            "flex": 1.5,
            "head": 1.5,
            "overhead": 1,
            "crossed": 1,
            "out": 1,
        },
        both_share=0.5,
        postures=("lunge", "half_kneel", "wide", "squat"),
        posture_share=0.35,
        hold=(0.8, 2.2),
        look=30,
    ),
    "Purchases": Family(
        main={"reach_front": 2, "reach_high": 2, "carry": 2, "reach_low": 1},
        other={"idle": 2, "carry": 3, "reach_front": 1},
        both={"carry": 2, "reach_front": 1, "reach_high": 0.7},
        both_share=0.35,
        postures=("bend", "squat", "half_kneel", "bend", "crouch"),
        posture_share=0.45,
        step_share=0.5,
        gaze=(10, 0),
    ),
    "Sitting": Family(
        main=_TALK | {"idle": 6, "chin": 0.7, "mouth": 0.4, "point_front": 0.4},
        other={"idle": 5, "talk_low": 0.7},
        both={"lap": 2, "crossed": 1, "head": 0.5, "thigh": 1, "knee": 1},
        both_share=0.35,
        modes={"chair": 1},
        look=25,
    ),
    "SittingDown": Family(
        main={"idle": 5, "talk_low": 1, "reach_front": 0.6, "chin": 0.4},
        both={"lap": 1, "knee": 1, "prop": 1},
        both_share=0.25,
        modes={"floor": 1},
        look=25,
    ),
    "Smoking": Family(
        main={"mouth": 3, "talk_low": 1, "idle": 2, "beside": 1},
        other={"idle": 5, "hip": 1, "pocket": 2},
        modes={"stand": 2, "chair": 1.5, "walk": 1},
        hold=(0.7, 2.2),
        speed=0.8,
    ),
    "Waiting": Family(
        main={"idle": 4, "watch": 1.5, "chin": 1, "head": 0.4, "hip": 1, "pocket": 1},
        other={"idle": 5, "hip": 1, "behind": 0.5},
        both={"crossed": 2, "hip": 1, "behind": 1, "clasp": 1, "pocket": 1},
        both_share=0.4,
        modes={"stand": 3, "chair": 1},
        postures=("lean", "squat"),
        posture_share=0.15,
        hold=(1.0, 3.0),
        step_share=0.35,
        look=30,
    ),
    "WalkDog": Family(
        main={"leash": 4, "leash_far": 3},
        other={"hang": 6, "pocket": 1, "leash": 0.7},
        both={"leash": 1},
        both_share=0.12,
        modes={"walk": 4, "stand": 1},
        postures=("bend", "crouch", "squat"),
        posture_share=0.3,
        step_share=0.6,
        gaze=(16, 0),
        speed=0.95,
    ),
    "Walking": Family(
        main={"hang": 1},
        other={"hang": 1},
        modes={"walk": 1},
        look=10,
    ),
    "WalkTogether": Family(
        main={"hang": 4, "talk_low": 1, "partner": 1.5},
        other={"hang": 6, "pocket": 1},
        modes={"walk": 1},
        hold=(1.0, 3.0),
        look=14,
        gaze=(0, 24),
        speed=0.9,
    ),
}
ACTIONS = tuple(FAMILIES)


def idle_hands(posture: str) -> dict[str, float]:
    """Gestures of an idle hand in a posture, with weights."""
    return IDLE_HANDS.get(
        posture, IDLE_HANDS.get(posture.split("_")[0], IDLE_HANDS["stand"])
    )
