"""Reports as JSON: `report.json`, whose keys `docs/evaluation.md` lists."""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

from propose_keras.evaluation.report import (
    CalibrationCurve,
    ConformalRadius,
    CorrectKeypoints,
    Coverage,
    ErrorCurve,
    ErrorsOverHypotheses,
    HypothesisMeasures,
    ModeMeasures,
    PoseError,
    Radius,
    Report,
    Result,
    SinglePoses,
)

# Before reports named their system there was one of each kind.
_SYSTEMS = {"probabilistic": "ProPose", "deterministic": "Deterministic"}


def read_report(path: str | os.PathLike) -> Report:
    """Reads a `report.json`, of an older version too.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it holds no report.
    """
    return report_from_json(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))


def report_to_json(report: Report) -> dict:
    """A report as an object for JSON."""
    value = _to_json(report)
    hypotheses = value.pop("hypotheses", {})
    # Those of the mode once more, where a reader looks first.
    mode = value["results"]["mode"]
    of_mode = {
        name: mode[name] for name in ("pck", "auc", "scenes", "cps") if name in mode
    }
    return {**value, **of_mode, **hypotheses}


def report_from_json(value: Mapping) -> Report:
    """The report of an object of `report_to_json`.

    Raises:
        ValueError: If something is missing or of another kind.
    """
    try:
        return _report(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"expected the report of an evaluation, met {error!r} while reading it"
        ) from error


def _json_key(field: dataclasses.Field) -> str:
    return field.metadata.get("key", field.name)


def _to_json(value) -> Any:
    """An object for JSON; fields that are optional and None are left out."""
    if dataclasses.is_dataclass(value):
        return {
            _json_key(field): _to_json(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.default is not None or getattr(value, field.name) is not None
        }
    if isinstance(value, Mapping):
        return {name: _to_json(entry) for name, entry in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _plain(cls, value: Mapping, **made):
    """An instance whose fields are those of an object, but for those made before."""
    return cls(
        **made,
        **{
            field.name: value[_json_key(field)]
            for field in dataclasses.fields(cls)
            if field.name not in made
            and (_json_key(field) in value or field.default is dataclasses.MISSING)
        },
    )


def _report(value):
    results = {name: _result(entry) for name, entry in value["results"].items()}
    return _plain(
        Report,
        value,
        results=results,
        mode=_plain(ModeMeasures, value["mode"]),
        hypotheses=_hypotheses(value) if "ece" in value else None,
        conformal=_conformal(value.get("conformal")),
        system=value.get("system") or _SYSTEMS[value.get("kind", "probabilistic")],
    )


def _result(value):
    scenes = value.get("scenes")
    return _plain(
        Result,
        value,
        per_action={
            action: _plain(PoseError, errors)
            for action, errors in value["per_action"].items()
        },
        scenes=scenes
        and {name: _plain(CorrectKeypoints, share) for name, share in scenes.items()},
    )


def _conformal(value):
    if value is None:
        return None
    adaptive = value.get("adaptive")
    return _plain(
        ConformalRadius,
        value,
        fixed=_plain(Radius, value["fixed"]),
        adaptive=adaptive and _plain(Radius, adaptive),
    )


def _hypotheses(value):
    def errors(cls, value):
        keys = {field.name: _json_key(field) for field in dataclasses.fields(cls)}
        return cls(
            **{name: _plain(PoseError, value[key]) for name, key in keys.items()}
        )

    def tuples(cls, value):
        fields = dataclasses.fields(cls)
        return cls(**{field.name: tuple(value[field.name]) for field in fields})

    return _plain(
        HypothesisMeasures,
        value,
        calibration=tuples(CalibrationCurve, value["calibration"]),
        single=errors(SinglePoses, value["single"]),
        over_hypotheses=errors(ErrorsOverHypotheses, value["over_hypotheses"]),
        error_by_num_hypotheses=tuples(ErrorCurve, value["error_by_num_hypotheses"]),
        coverage=tuples(Coverage, value["coverage"]) if "coverage" in value else None,
        aggregates="aggregates" in value
        and {name: _plain(PoseError, e) for name, e in value["aggregates"].items()}
        or None,
    )
