"""Settings are checked, and made into flags, from one definition."""

import dataclasses

import pytest
from absl import flags

from propose_keras.cli import setting_flags
from propose_keras.settings import Settings, setting


@dataclasses.dataclass(frozen=True)
class Example(Settings):
    count: int = setting(3, "A count.", minimum=1)
    share: float = setting(0.5, "A share.", minimum=0, maximum=1)
    kind: str = setting("a", "A kind.", choices=("a", "b"))
    width: int | None = setting(None, "A width.", minimum=1)
    is_on: bool = setting(True, "A switch.")


@dataclasses.dataclass(frozen=True)
class Other(Settings):
    count: int = setting(7, "The same count.", minimum=1)


@dataclasses.dataclass(frozen=True)
class Contradiction(Settings):
    count: int = setting(3, "Another count.", minimum=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": 0}, "`count` must be an integer of at least 1, received 0"),
        ({"count": 1.5}, "an integer"),
        ({"count": True}, "an integer"),
        ({"count": None}, "received None"),
        ({"share": 1.5}, "a number from 0 to 1"),
        ({"share": float("nan")}, "received nan"),
        ({"kind": "c"}, "one of 'a', 'b', received 'c'"),
        ({"kind": 1}, "one of 'a', 'b'"),
        ({"width": 0}, "at least 1"),
        ({"is_on": 1}, "True or False"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        Example(**values)


def test_values_in_range():
    assert Example(count=1, share=1, kind="b", width=2, is_on=False).width == 2


def test_changes_of_unknown_names():
    assert Example.resolve(Example(count=5), {"share": 0.1}) == Example(5, 0.1)
    with pytest.raises(TypeError, match="has no 'size'. It has count, share"):
        Example.resolve(None, {"size": 1})


def parse(classes, *arguments):
    values = flags.FlagValues()
    setting_flags.define(classes, values)
    values(["program", *arguments])
    return values


def test_flags_are_made_of_the_fields():
    values = parse([Example])
    assert setting_flags.make(Example, values) == Example()
    assert values["count"].help == "A count."
    values = parse(
        [Example], "--count=4", "--share=0.25", "--kind=b", "--width=9", "--nois_on"
    )
    assert setting_flags.make(Example, values) == Example(4, 0.25, "b", 9, False)


@pytest.mark.parametrize(
    "argument", ["--count=0", "--share=2", "--kind=c", "--width=x"]
)
def test_flags_have_the_fields_limits(argument):
    with pytest.raises(flags.IllegalFlagValueError):
        parse([Example], argument)


def test_classes_share_a_flag_and_keep_their_defaults():
    values = parse([Example, Other])
    assert setting_flags.make(Example, values).count == 3
    assert setting_flags.make(Other, values).count == 7
    values = parse([Example, Other], "--count=5")
    assert setting_flags.make(Other, values).count == 5
    with pytest.raises(ValueError, match="`count` is defined twice"):
        parse([Example, Contradiction])
