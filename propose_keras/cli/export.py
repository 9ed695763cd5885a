"""Exports a model: `propose-export --workdir=DIR --output=DIR --version=N`.

Writes `OUTPUT/N`, a SavedModel for TensorFlow Serving; see `docs/serving.md`.
"""

import functools
import importlib.util
import pathlib

from absl import flags, logging

from propose_keras.cli.errors import UserError, run_main
from propose_keras.cli.models import load_model


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    string = functools.partial(flags.DEFINE_string, flag_values=values)
    integer = functools.partial(flags.DEFINE_integer, flag_values=values)
    string("workdir", None, "Folder of a run: its model.keras is taken.")
    string("output", None, "Folder of the served model's versions.")
    integer("version", None, "Of the export; an existing one is refused.", 1, 2**63 - 1)
    integer("num_hypotheses", 200, "S of the signature 'hypotheses'.", 1)


def main(argv):
    """Does what the flags of the process say."""
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
    for name in ("workdir", "output", "version"):
        if getattr(values, name) is None:
            raise UserError(f"--{name} is required.")
    for module in ("tensorflow", "tensorflow_serving"):
        if importlib.util.find_spec(module) is None:
            raise UserError(
                f"Exporting needs {module}: pip install propose-keras[serving]."
            )
    from propose_keras.serving import export_saved_model

    output = pathlib.Path(values.output).expanduser()
    model = load_model(pathlib.Path(values.workdir).expanduser() / "model.keras")
    try:
        path = export_saved_model(model, output, values.version, values.num_hypotheses)
    except FileExistsError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"Cannot write to --output={output}: {error}.") from error
    print(f"Wrote {path}.")


def run():
    """The program: defines its flags, then runs `main`."""
    define_flags()
    run_main(main)


if __name__ == "__main__":
    run()
