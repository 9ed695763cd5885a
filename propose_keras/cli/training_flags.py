"""The flags of `train.py`, and what a run is made of."""

from typing import Any, NamedTuple

from absl import flags

from propose_keras.cli import setting_flags
from propose_keras.cli.recipes import RECIPES, Recipe, RunSettings
from propose_keras.data.settings import DataSettings
from propose_keras.normalization_settings import NormalizationSettings
from propose_keras.settings import Settings

_FOLDERS = ("workdir", "data_dir", "verbose")


class Configuration(NamedTuple):
    """The settings of a run.

    Attributes:
        run: The `RunSettings`.
        data: The `DataSettings`.
        recipe: How the model is made.
        model: Dict from the recipe's `Settings` classes to objects.
    """

    run: RunSettings
    data: DataSettings
    recipe: Recipe
    model: dict[type[Settings], Settings]

    def make_model(self):
        """The compiled model.

        Raises:
            ValueError: If two settings contradict each other.
        """
        return self.recipe.make(self.model, self.run)

    def to_dict(self) -> dict[str, Any]:
        """Name to value of all settings, as `configuration.json` holds them."""
        return _merged(self.run, self.data, *self.model.values())

    def defaults(self) -> dict[str, Any]:
        """Name to default of the same settings."""
        return _merged(RunSettings(), DataSettings(), *(c() for c in self.model))


def _merged(*settings):
    return {k: v for each in settings for k, v in each.to_dict().items()}


def define_flags(values=flags.FLAGS):
    """Defines the flags, by default those of the process."""
    flags.DEFINE_string(
        "workdir", None, "Folder for model, checkpoints and logs.", flag_values=values
    )
    flags.DEFINE_string(
        "data_dir",
        None,
        "The --data_dir that tfds build was given.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "verbose",
        2,
        "Progress: 0 none, 1 a bar, 2 a line per epoch.",
        lower_bound=0,
        flag_values=values,
    )
    setting_flags.define(_settings_classes(), values)
    flags.mark_flags_as_required(["workdir", "dataset", "data_dir"], values)


def _settings_classes():
    classes = [RunSettings, DataSettings]
    for recipe in RECIPES.values():
        classes += [c for c in recipe.settings if c not in classes]
    return classes


def known_names() -> set[str]:
    """Names of the settings of all models."""
    return {name for c in _settings_classes() for name in c.names()}


def configuration(values) -> Configuration:
    """What the flags ask for.

    Raises:
        ValueError: If two flags contradict each other.
    """
    run = setting_flags.make(RunSettings, values)
    recipe = RECIPES[run.model]
    made = Configuration(
        run=run,
        data=setting_flags.make(DataSettings, values),
        recipe=recipe,
        model={c: setting_flags.make(c, values) for c in recipe.settings},
    )
    _check_deviations(made.data, made.model[NormalizationSettings])
    return made


def _check_deviations(data, normalization):
    """Refuses deviations that are told to nobody, or asked for and never told."""
    is_told = data.simulated_detector > 0
    if is_told and not normalization.deviation_input:
        raise ValueError(
            f"--simulated_detector={data.simulated_detector:g} tells the deviation of "
            "each keypoint, which this model does not read: add --deviation_input, or "
            f"take --detection_errors={data.simulated_detector:g} instead."
        )
    if normalization.deviation_input and not is_told:
        raise ValueError(
            "--deviation_input reads deviations of keypoints, but data sets have none: "
            "add --simulated_detector=0.08, which tells them, or leave it out."
        )


def unused_flags(values) -> list[str]:
    """Flags that were given and that the model does not have."""
    used = configuration(values).to_dict()
    return sorted(
        name for name in known_names() if values[name].present and name not in used
    )


def flagfile_text(values) -> str:
    """A flagfile that repeats a run, its folders included."""
    settings = {name: getattr(values, name) for name in _FOLDERS}
    settings |= configuration(values).to_dict()
    lines = []
    for name, value in settings.items():
        if isinstance(value, bool):
            lines.append(f"--{'' if value else 'no'}{name}")
        elif value is not None:
            lines.append(f"--{name}={value}")
    return "\n".join(lines) + "\n"
