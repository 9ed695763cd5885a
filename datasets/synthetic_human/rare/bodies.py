"""People of all sizes: women, men and children from 1.2 to 2.05 m.

Where a person differs from the mean follows the Anthropometric Survey of U.S. Army
Personnel (ANSUR II: Gordon et al., 2014, NATICK/TR-15/007), by
`benchmarks/body_statistics.py`. How children differ from adults follows the dimensions
of NHTSA's dummy of a child of six years, which are means of anthropometric surveys. The
mean itself is a mixture: of the data set's mean body, whose joints lie where Human3.6M
has them, and of the shares of stature of Drillis and Contini ("Body Segment
Parameters", 1966), which differ in where a limb's joints are taken to be.
"""

import dataclasses

import numpy as np

from ..kinematics import Body
from ..subjects import MEAN_BODY, MEAN_STATURE

SHORTEST, TALLEST = 1200.0, 2050.0
_CHILD_SHARE = 0.2
# Up to this stature people are children, whose proportions approach an adult's.
_TALLEST_CHILD = 1500.0
# Statures of women and men in ANSUR II, mm; deviations are taken half as large again,
# since soldiers are alike.
_STATURES = {"woman": (1628.0, 64.0), "man": (1756.0, 69.0)}
_STATURE_FACTOR = 1.5

# Shares of stature of Drillis and Contini where they differ from the mean body's.
_DRILLIS_CONTINI = {
    "thigh": 0.245,
    "shank": 0.246,
    "upper_arm": 0.186,
    "forearm": 0.146,
    "ankle_height": 0.039,
}

# ANSUR II: bones that vary as one; in percent, a man's share of stature against the
# mean of both sexes (a woman's is the opposite), and the deviation within a sex.
_VARIATES = {
    "thigh": (("thigh",), 0.0, 4.9),
    "shank": (("shank",), -1.9, 3.9),
    "ankle_height": (("ankle_height",), 3.7, 7.1),
    "trunk": (("spine", "thorax"), 1.9, 4.0),
    "head": (("neck", "head"), -2.5, 4.8),
    "shoulder": (("shoulder",), 2.7, 4.2),
    "hip": (("hip",), -3.3, 6.6),
    "upper_arm": (("upper_arm",), 0.0, 3.3),
    "forearm": (("forearm",), 1.5, 4.3),
}
_CORRELATIONS = np.array(
    [
        [1.0, 0.04, -0.07, -0.74, -0.23, -0.05, -0.16, 0.18, 0.28],
        [0.04, 1.0, -0.28, -0.5, -0.36, -0.06, -0.16, 0.38, 0.41],
        [-0.07, -0.28, 1.0, 0.05, 0.01, 0.02, 0.11, -0.09, -0.08],
        [-0.74, -0.5, 0.05, 1.0, -0.05, 0.09, 0.24, -0.26, -0.37],
        [-0.23, -0.36, 0.01, -0.05, 1.0, -0.01, -0.03, -0.29, -0.27],
        [-0.05, -0.06, 0.02, 0.09, -0.01, 1.0, 0.19, 0.03, 0.12],
        [-0.16, -0.16, 0.11, 0.24, -0.03, 0.19, 1.0, 0.04, -0.14],
        [0.18, 0.38, -0.09, -0.26, -0.29, 0.03, 0.04, 1.0, 0.34],
        [0.28, 0.41, -0.08, -0.37, -0.27, 0.12, -0.14, 0.34, 1.0],
    ]
)

# NHTSA, "Hybrid III 6-Year Old Physical Data": a child of 45.0 inches against an adult
# of ANSUR II, by share of stature. Sitting height .556 against .525 leaves .935 of the
# legs' share; shoulder to elbow .196 against .208; elbow to fingertip .272 against
# .274; length of the head .151 against .113; what remains is the trunk.
_CHILD_STATURE = 1143.0
_CHILD_FACTORS = {
    **{"thigh": 0.935, "shank": 0.935, "upper_arm": 0.94, "forearm": 0.99},
    **{"neck": 1.0, "head": 1.33, "spine": 0.97, "thorax": 0.97},
}


@dataclasses.dataclass(frozen=True)
class Person:
    """A body and whose it is.

    Attributes:
        body: Bone lengths, mm.
        stature: Height, mm.
        kind: "woman", "man" or "child".
    """

    body: Body
    stature: float
    kind: str

    @property
    def scale(self) -> float:
        """Stature against that of the mean body."""
        return self.stature / MEAN_STATURE


def _draw_stature(rng: np.random.Generator) -> tuple[str, str, float]:
    sex = str(rng.choice(list(_STATURES)))
    if rng.uniform() < _CHILD_SHARE:
        return "child", sex, rng.uniform(SHORTEST, _TALLEST_CHILD)
    mean, deviation = _STATURES[sex]
    while True:
        stature = rng.normal(mean, _STATURE_FACTOR * deviation)
        if _TALLEST_CHILD <= stature <= TALLEST:
            return sex, sex, stature


def draw_person(rng: np.random.Generator) -> Person:
    """Draws a person; bones are as long on the left as on the right."""
    kind, sex, stature = _draw_stature(rng)
    names = list(_VARIATES)
    root = np.linalg.cholesky(_CORRELATIONS)
    normal = root @ rng.normal(size=len(names)).clip(-2.5, 2.5)
    mixture = rng.uniform()
    lengths = {bone: length / MEAN_STATURE for bone, length in MEAN_BODY.items()}
    for bone, share in _DRILLIS_CONTINI.items():
        lengths[bone] += mixture * (share - lengths[bone])
    sign = 1.0 if sex == "man" else -1.0
    for (bones, male, deviation), value in zip(_VARIATES.values(), normal):
        change = (0.0 if kind == "child" else sign * male) + deviation * value
        for bone in bones:
            lengths[bone] *= np.exp(change / 100)
    if kind == "child":
        youth = (_TALLEST_CHILD - stature) / (_TALLEST_CHILD - _CHILD_STATURE)
        for bone, factor in _CHILD_FACTORS.items():
            lengths[bone] *= factor**youth
    lengths = {bone: float(stature * share) for bone, share in lengths.items()}
    return Person(Body(**lengths), float(stature), kind)
