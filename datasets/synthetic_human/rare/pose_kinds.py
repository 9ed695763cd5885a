"""What a key pose states: how the trunk lies, what limbs do, what bears the weight.

Angles are degrees. A limb is flexion, abduction, medial twist and hinge; an arm may
also be the name of a gesture of `gestures.GESTURES`. One limb stands for both sides, a
pair for left and right. Lists are alternatives, of which one is drawn.
"""

import dataclasses

# Arms raised forward, aside, up, hanging; as a person who lies or flies may hold them.
FREE_ARMS = [
    (0, 14, 0, 14),
    (0, 60, -10, 20),
    (5, 95, -30, 15),
    (20, 130, -50, 60),
    (120, 60, -40, 60),
    (165, 20, -10, 15),
    "head",
    "crossed",
    "clasp",
    "chest",
    ((0, 14, 0, 14), (10, 100, -40, 70)),
    ((165, 20, -10, 15), (0, 20, 0, 20)),
    ((80, 20, 0, 15), (0, 30, 0, 20)),
    ((85, 10, 0, 10), (90, 5, 0, 15)),
    ((40, 20, 40, 90), (0, 80, -20, 20)),
    ("mouth", (0, 40, -10, 30)),
]
STANDING_ARMS = [
    *("crossed", "head", "hip", "behind", "overhead", "out", "reach_high", "flex"),
    *("clasp", "chest", "reach_front", "hang", "point_front"),
    ("phone", "hip"),
    ("overhead", "hip"),
    ("reach_high", "hang"),
    ("head", "crossed"),
    ("point_across", "behind"),
    ("point_side", "hang"),
    ("point_up", "hip"),
    ("behind", "hang"),
    ((-50, 10, 20, 20), (-50, 10, 20, 20)),
    ((60, -35, 20, 10), "hang"),
    ((10, 160, -40, 25), (10, 160, -40, 25)),
]
SITTING_ARMS = ["lap", "thigh", "knee", "crossed", "chest", "head", "talk_low", "out"]
# Hands on the floor behind a person who sits.
PROP = (-48, 14, 20, 8)
# Legs of a person who lies or stands.
FLAT = (4, 8, -8, 6)
HANGING = (0, 4, -3, 4)


@dataclasses.dataclass(frozen=True)
class KeyPose:
    """A pose that people take, around which poses are drawn.

    Attributes:
        pitch: How far the pelvis leans forward from upright, degrees: 90 is face down,
            -90 face up, 180 upside down.
        spin: Turn about the body's own axis after that: 90 lies on the left side.
        legs: Angles of the legs.
        arms: Angles or gestures of the arms.
        spine: Flexion, bend to the left and turn to the left of the chest.
        head: The same of the head against the chest.
        support: What may bear the weight, names of `points.SUPPORTS`.
        mode: "rest" tips the body until it rests on its supports, "balance" leans it
            until its centre of mass is above them, "hold" keeps its tilt, and "fly" is
            in the air.
        plant: Which hands and feet stay on the floor: any of the words "hands",
            "feet", "LHand", "RHand", "LFoot", "RFoot".
        feet: How the feet touch the floor, of both or of left and right, see
            `points.FOOT_HEIGHTS`.
        spread: Factor on the spread of the angles from one use to the next.
        busy: Factor on the movement while the pose is held.
    """

    pitch: float
    legs: list
    arms: list
    support: tuple[str, ...]
    spin: float = 0.0
    spine: tuple[float, float, float] = (0.0, 0.0, 0.0)
    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    mode: str = "rest"
    plant: tuple[str, ...] = ()
    feet: tuple[str, str] | str = "side"
    spread: float = 1.0
    busy: float = 1.0


def stand(legs, arms=STANDING_ARMS, pitch=0.0, plant=("feet",), **changes):
    """A key pose on one or both feet."""
    settings = {"support": plant, "mode": "balance", "plant": plant, "feet": "sole"}
    return KeyPose(pitch, legs, arms, **{**settings, **changes})


def lie(pitch, legs, arms=FREE_ARMS, **changes):
    """A key pose that rests on the trunk."""
    settings = {"support": ("trunk",), "busy": 1.6}
    return KeyPose(pitch, legs, arms, **{**settings, **changes})


def sit(legs, arms, pitch=-8.0, spine=(18, 0, 0), **changes):
    """A key pose that sits on the floor."""
    settings = {"support": ("seat",), "mode": "hold", "plant": ("feet",), "busy": 1.2}
    return KeyPose(pitch, legs, arms, spine=spine, **{**settings, **changes})


def fly(legs, arms, pitch=0.0, **changes):
    """A key pose in the air."""
    settings = {"support": ("feet",), "feet": "sole", "mode": "fly"}
    return KeyPose(pitch, legs, arms, **{**settings, **changes})
