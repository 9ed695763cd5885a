"""Command-line flags of settings: one for each field of `Settings` classes."""

import dataclasses
from typing import TypeVar

from absl import flags

from propose_keras.settings import Settings, kind_of

_Settings = TypeVar("_Settings", bound=Settings)


def define(classes, values=flags.FLAGS):
    """Defines a flag for each field.

    Where classes share a name they share its flag. If they differ in its default, the
    flag has none, and the class that is made (`make`) decides.

    Args:
        classes: `Settings` classes.
        values: `absl.flags.FlagValues` that get the flags.

    Raises:
        ValueError: If two classes give one name other limits.
    """
    shared: dict[str, list[dataclasses.Field]] = {}
    for settings_class in classes:
        for field in dataclasses.fields(settings_class):
            shared.setdefault(field.name, []).append(field)
    for name, fields in shared.items():
        first = fields[0]
        for other in fields[1:]:
            if _limits(other) != _limits(first):
                raise ValueError(f"The setting `{name}` is defined twice, differently.")
        is_one_default = all(f.default == first.default for f in fields)
        _define(first, first.default if is_one_default else None, values)


def make(settings_class: type[_Settings], values) -> _Settings:
    """Settings from the values of their flags.

    Args:
        settings_class: One of the classes that `define` was given.
        values: The `FlagValues`, parsed.

    Raises:
        ValueError: If two values contradict each other.
    """
    given = {name: getattr(values, name) for name in settings_class.names()}
    return settings_class(**{k: v for k, v in given.items() if v is not None})


def _limits(field):
    limits = {k: v for k, v in field.metadata.items() if k != "description"}
    return kind_of(field), limits


def _define(field, default, values):
    kind, metadata = kind_of(field), field.metadata
    limits = {
        "lower_bound": metadata["minimum"],
        "upper_bound": metadata["maximum"],
    }
    arguments = (field.name, default)
    text = metadata["description"]
    if metadata["choices"]:
        flags.DEFINE_enum(*arguments, metadata["choices"], text, flag_values=values)
    elif kind is bool:
        flags.DEFINE_bool(*arguments, text, flag_values=values)
    elif kind is int:
        flags.DEFINE_integer(*arguments, text, flag_values=values, **limits)
    elif kind is float:
        flags.DEFINE_float(*arguments, text, flag_values=values, **limits)
    else:
        flags.DEFINE_string(*arguments, text, flag_values=values)
