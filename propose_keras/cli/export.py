"""Exports a model: `propose-export --workdir=DIR --output=DIR --version=N`.

Writes `OUTPUT/N`: a SavedModel for TensorFlow Serving or, with `--format=onnx`, ONNX
files; see `docs/serving.md`. `--format=preset` writes a preset into `OUTPUT` itself.
"""

import functools
import importlib.util
import pathlib

from absl import flags, logging

from propose_keras.cli.errors import UserError, run_main
from propose_keras.cli.held_out import training_of
from propose_keras.cli.models import load_model, preset_path

# Packages that a format needs; the extra of setup.cfg is named after the value.
_PACKAGES = {
    "saved_model": ("serving", ("tensorflow", "tensorflow_serving")),
    "onnx": ("onnx", ("tensorflow", "onnx", "tf2onnx")),
    "preset": ("", ()),
}


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string("workdir", None, "Folder of a run: its model.keras is taken.")
    string(
        "preset",
        None,
        "Instead of --workdir: model that comes with the package, or folder of one.",
    )
    string("output", None, "Folder of the served model's versions, or of the preset.")
    integer(
        "version",
        None,
        "Of the export; an existing one is refused. Presets have none.",
        1,
        2**63 - 1,
    )
    flags.DEFINE_enum(
        "format", "saved_model", list(_PACKAGES), "What to write.", flag_values=values
    )
    integer(
        "num_hypotheses",
        200,
        "S of the signatures 'hypotheses' and 'coco17'; free in ONNX, where this has "
        "no effect.",
        1,
    )
    flags.DEFINE_bool(
        "half_precision",
        False,
        "Store a preset's matrices as float16, in half the space.",
        flag_values=values,
    )
    number = functools.partial(flags.DEFINE_float, flag_values=values)
    number(
        "score_threshold",
        0.3,
        "Of 'coco17': joints of a lower score are missing.",
        0.0,
        1.0,
    )
    number(
        "keypoint_noise",
        50.0,
        "Of 'coco17': deviation of a joint of score 0, mm at the person's scale.",
        0.0,
    )


def main(argv):
    """Runs the program with the flags of the process."""
    del argv
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)
    execute(flags.FLAGS)


def execute(values):
    """Exports the model of a work folder.

    Args:
        values: The flags of `define_flags`, parsed.

    Raises:
        UserError: If the flags, the model or the folder do not fit.
    """
    if values.workdir and values.preset:
        raise UserError("Pass --workdir or --preset, not both.")
    needless = {"workdir"} if values.preset else set()
    needless |= {"version"} if values.format == "preset" else set()
    for name in ("workdir", "output", "version"):
        if getattr(values, name) is None and name not in needless:
            raise UserError(f"--{name} is required.")
    if values.half_precision and values.format != "preset":
        raise UserError("--half_precision is of --format=preset only.")
    extra, packages = _PACKAGES[values.format]
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise UserError(f'Exporting needs {package}: pip install ".[{extra}]"')
    output = pathlib.Path(values.output).expanduser()
    if values.preset:
        path = preset_path(values.preset)
    else:
        path = pathlib.Path(values.workdir).expanduser() / "model.keras"
    model = load_model(path)
    try:
        path = _export(model, output, values)
    except FileExistsError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error
    except (ValueError, RuntimeError) as error:
        raise UserError(f"Cannot export this model: {error}") from error
    print(f"Wrote {path}.")


def _export(model, output, values):
    if values.format == "preset":
        model.save_to_preset(output, training_of(values), values.half_precision)
        return output
    from propose_keras import serving

    detections = values.score_threshold, values.keypoint_noise
    if values.format == "onnx":
        return serving.export_onnx(model, output / str(values.version), *detections)
    return serving.export_saved_model(
        model, output, values.version, values.num_hypotheses, *detections
    )


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main)


if __name__ == "__main__":
    run()
