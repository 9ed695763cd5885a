"""Settings: dataclasses whose fields carry their help and their limits.

A setting is defined once, as a field. Its check at construction, the command-line flag
(`propose_keras.cli.setting_flags`) and the flag's help all come from the definition:

```python
@dataclasses.dataclass(frozen=True)
class MySettings(Settings):
    width: int = setting(512, "Units of the hidden layers.", minimum=1)
```
"""

import dataclasses
import math
import numbers
from collections.abc import Mapping
from typing import Any, Self


def setting(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    """A field of a `Settings` class.

    The kind of value follows from the default (bool, int, float or str); a field that
    may be None needs an annotation such as `int | None`.

    Args:
        default: Its default value.
        description: What it is, for the flag's help.
        minimum: Smallest value allowed.
        maximum: Largest value allowed.
        choices: The values allowed, for a string.

    Returns:
        A dataclass field.
    """
    metadata = {
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Base of frozen dataclasses whose fields are made by `setting`.

    Raises:
        ValueError: If a value is of another kind than its field or out of its range.
    """

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check_value(field, getattr(self, field.name))

    @classmethod
    def names(cls) -> list[str]:
        """Names of the fields, in order."""
        return [field.name for field in dataclasses.fields(cls)]

    @classmethod
    def resolve(cls, settings: Self | None, changes: Mapping[str, Any]) -> Self:
        """Settings with changes.

        Args:
            settings: Settings to start from; the defaults if None.
            changes: Dict from names of fields to new values.

        Raises:
            TypeError: If a name is no field.
            ValueError: If a value is out of range.
        """
        unknown = sorted(set(changes) - set(cls.names()))
        if unknown:
            raise TypeError(
                f"{cls.__name__} has no {', '.join(map(repr, unknown))}. It has "
                f"{', '.join(cls.names())}."
            )
        return dataclasses.replace(settings or cls(), **changes)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON: name to value."""
        return dataclasses.asdict(self)


def kind_of(field: dataclasses.Field) -> type:
    """The type of a field's values, None aside: bool, int, float or str."""
    annotation = field.type
    for kind in (bool, int, float, str):
        if annotation in (kind, kind | None, kind.__name__, f"{kind.__name__} | None"):
            return kind
    raise TypeError(
        f"The setting `{field.name}` must be a bool, int, float or str, possibly "
        f"`| None`; it is annotated {annotation!r}."
    )


def check_value(field: dataclasses.Field, value: Any) -> None:
    """Checks the value of a field that `setting` made.

    Raises:
        ValueError: If it is of another kind or out of range.
    """
    if value is None and field.default is None:
        return
    if not _is_of_kind(value, kind_of(field)) or not _is_allowed(field, value):
        raise ValueError(
            f"`{field.name}` must be {expectation(field)}, received {value!r}."
        )


def expectation(field: dataclasses.Field) -> str:
    """What a field accepts, in words: "an integer of at least 1"."""
    limits = field.metadata
    if limits["choices"]:
        return f"one of {', '.join(map(repr, limits['choices']))}"
    names = {bool: "True or False", int: "an integer", float: "a number"}
    words = names.get(kind_of(field), "a string")
    low, high = limits["minimum"], limits["maximum"]
    if low is not None and high is not None:
        return f"{words} from {low:g} to {high:g}"
    if low is not None:
        return f"{words} of at least {low:g}"
    return words if high is None else f"{words} of at most {high:g}"


def _is_of_kind(value, kind) -> bool:
    if kind is bool:
        return isinstance(value, bool)
    if kind is str:
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    if kind is int:
        return isinstance(value, numbers.Integral)
    return isinstance(value, numbers.Real) and math.isfinite(value)


def _is_allowed(field, value) -> bool:
    limits = field.metadata
    if limits["choices"] and value not in limits["choices"]:
        return False
    if limits["minimum"] is not None and value < limits["minimum"]:
        return False
    return limits["maximum"] is None or value <= limits["maximum"]
