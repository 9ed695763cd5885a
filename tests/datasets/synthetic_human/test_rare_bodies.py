import numpy as np
import pytest
from synthetic_human.rare import draw_person
from synthetic_human.rare.limits import (
    ARM_LIMITS,
    HEAD_LIMITS,
    LEG_LIMITS,
    SPINE_LIMITS,
)


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    return [draw_person(rng) for _ in range(2000)]


def shares(people, kind, bone):
    return np.array(
        [getattr(p.body, bone) / p.stature for p in people if p.kind == kind]
    )


def test_people_are_of_all_sizes(people):
    statures = np.array([p.stature for p in people])
    assert 1200 <= statures.min() < 1250 and 1950 < statures.max() <= 2050
    kinds = [p.kind for p in people]
    assert {kind: kinds.count(kind) > 350 for kind in set(kinds)} == {
        "woman": True,
        "man": True,
        "child": True,
    }
    women, men = (
        np.mean([p.stature for p in people if p.kind == kind])
        for kind in ("woman", "man")
    )
    # ANSUR II: 1628 and 1756 mm.
    assert 90 < men - women < 150


def test_proportions_are_human(people):
    for person in people:
        body = person.body
        standing = body.ankle_height + body.leg + body.spine + body.thorax
        standing += body.neck + body.head
        assert 0.78 < standing / person.stature < 1.15
        assert 0.75 < body.thigh / body.shank < 1.35
        assert 0.4 < (body.upper_arm + body.forearm) / body.leg < 0.9


@pytest.mark.parametrize(
    ("bone", "percent"),
    [("thorax", 4.0), ("shoulder", 4.2), ("hip", 6.6), ("neck", 4.8)],
)
def test_shares_vary_as_in_ansur(people, bone, percent):
    own = shares(people, "man", bone)
    assert 100 * own.std() / own.mean() == pytest.approx(percent, rel=0.15)


def test_long_legs_go_with_a_short_trunk(people):
    men = [p for p in people if p.kind == "man"]
    trunk = [(p.body.spine + p.body.thorax) / p.stature for p in men]
    legs = [p.body.leg / p.stature for p in men]
    assert np.corrcoef(trunk, legs)[0, 1] < -0.4


def test_women_men_and_children_differ(people):
    def mean(kind, bone):
        return shares(people, kind, bone).mean()

    assert mean("man", "shoulder") > 1.03 * mean("woman", "shoulder")
    assert mean("woman", "hip") > 1.04 * mean("man", "hip")
    # A child's head is larger and the legs are shorter, the more so the smaller.
    assert mean("child", "head") > 1.1 * mean("man", "head")
    small = [p for p in people if p.stature < 1280]
    adults = [p for p in people if p.kind != "child"]
    legs = [
        np.mean([p.body.leg / p.stature for p in group]) for group in (small, adults)
    ]
    assert 0.9 < legs[0] / legs[1] < 0.97


def test_limits_are_within_what_is_published():
    # Largest mean of Soucie's groups and of the other sources, degrees.
    for limits, published in (
        (ARM_LIMITS, [(-62, 184), (-60, 184), (-104, 94), (0, 153)]),
        (LEG_LIMITS, [(-30, 141), (-30, 70), (-105, 77), (0, 153)]),
        (SPINE_LIMITS, [(-30, 80), (-35, 35), (-45, 45)]),
        (HEAD_LIMITS, [(-60, 60), (-45, 45), (-80, 80)]),
    ):
        low, high = np.array(published).T
        degrees = np.degrees(limits)
        assert np.all(degrees[:, 0] >= low - 1e-9) and np.all(degrees[:, 1] <= high)
