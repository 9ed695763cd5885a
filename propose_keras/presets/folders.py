"""Models as folders: those that come with the package, and those that users save.

A preset is a folder of `config.json` (the model's configuration), `model.weights.h5`
and `metadata.json`, in the manner of KerasHub. Both backends read it.
"""

import importlib.metadata
import json
import os
import pathlib
from typing import Any, Self

import h5py
import keras
import numpy as np

from propose_keras import files
from propose_keras.version import __version__

_FOLDER = pathlib.Path(__file__).parent
_CONFIG, _WEIGHTS, _METADATA = "config.json", "model.weights.h5", "metadata.json"
_CARD = "README.md"
_LARGEST_JSON = 1 << 20


def preset_names() -> tuple[str, ...]:
    """Names of the presets that come with the package."""
    return tuple(sorted(path.parent.name for path in _FOLDER.glob(f"*/{_CONFIG}")))


def preset_folder(preset: str | os.PathLike) -> pathlib.Path:
    """The folder of a preset.

    Args:
        preset: Name of one that comes with the package, or path of a folder that
            `save_preset` wrote.

    Raises:
        ValueError: If there is none; the message lists the names.
    """
    if str(preset) in preset_names():
        return _FOLDER / str(preset)
    folder = pathlib.Path(preset).expanduser()
    if (folder / _CONFIG).is_file():
        return folder
    raise ValueError(
        f"There is no preset {os.fspath(preset)!r}: it is neither one of "
        f"{', '.join(preset_names()) or '(none)'} nor a folder with a {_CONFIG}, as "
        "`save_to_preset` writes it."
    )


def load_preset(
    preset: str | os.PathLike, kinds: tuple[type, ...], load_weights: bool = True
) -> Any:
    """Makes the model of a preset; code in its files is not executed.

    Args:
        preset: See `preset_folder`.
        kinds: Classes or runtime-checkable protocols that the model may be of.
        load_weights: Whether to load the weights, not only the architecture.

    Raises:
        ValueError: If there is no such preset, it holds another model, or its files
            are damaged or do not fit each other.
    """
    folder = preset_folder(preset)
    try:
        config = _read_json(folder / _CONFIG)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:  # Keras lets through whatever a damaged file causes.
        raise ValueError(f"Cannot read the preset {folder}: {error}") from error
    check_kind(model, kinds, folder)
    if load_weights:
        _load_weights(model, folder / _WEIGHTS)
    return model


def check_kind(model: Any, kinds: tuple[type, ...], path: str | os.PathLike) -> None:
    """Refuses a model that is of none of the classes.

    Raises:
        ValueError: If it is another; `path` is named as where it is from.
    """
    if not isinstance(model, kinds):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{path} holds a {type(model).__name__}, not a {expected}.")


def _load_weights(model, path):
    try:
        with h5py.File(path) as file:
            sizes = []
            file.visititems(lambda _, item: sizes.append(getattr(item, "size", 0) or 0))
        # Keras leaves out in silence what one side has and the other lacks.
        if sum(sizes) != model.count_params():
            raise ValueError(
                f"it has {sum(sizes):,} numbers, the configuration next to it "
                f"{model.count_params():,}."
            )
        model.load_weights(path)
    except Exception as error:
        raise ValueError(f"Cannot read the preset's {path}: {error}") from error


def preset_training(preset: str | os.PathLike) -> dict | None:
    """The training that a preset records, see `save_preset`; None if it records none.

    Raises:
        ValueError: If there is no such preset or its description is damaged.
    """
    path = preset_folder(preset) / _METADATA
    try:
        metadata = _read_json(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"Cannot read {path}: {error}") from error
    return metadata.get("training")


def preset_card(preset: str | os.PathLike) -> str | None:
    """A preset's model card, Markdown: data, licences, figures, limits.

    Args:
        preset: See `preset_folder`.

    Returns:
        The text of its `README.md`, or None if it has none.

    Raises:
        ValueError: If there is no such preset.
    """
    path = preset_folder(preset) / _CARD
    return path.read_text(encoding="utf-8") if path.is_file() else None


def save_preset(
    model: Any,
    folder: str | os.PathLike,
    training: dict | None = None,
    half_precision: bool = False,
) -> None:
    """Writes a model as a preset; each file appears whole or not at all.

    The optimizer's state is not saved.

    Args:
        model: A `ProPose` or a `DeterministicLifter`.
        folder: Made if missing. A preset that is there is replaced, other files stay.
        training: What the model was trained on, kept with it, such as a run's
            `dataset` and `validation_subject`. JSON serialisable.
        half_precision: Whether matrices are stored as float16, in half the space; they
            are float32 again once loaded. Biases and the normalisation's statistics
            keep their precision.

    Raises:
        OSError: If the folder cannot be written.
    """
    folder = pathlib.Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    # Only what describes the model: how it was compiled is of no use to others.
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    metadata = {
        "propose_keras_version": __version__,
        "keras_version": importlib.metadata.version("keras"),
        "parameter_count": model.count_params(),
        "training": training,
    }
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    with files.staging_folder(folder / _CONFIG) as staged:
        copy.save_weights(staged / _WEIGHTS)
        if half_precision:
            _halve(staged / _WEIGHTS, staged / f"half_{_WEIGHTS}")
        for name, value in ((_METADATA, metadata), (_CONFIG, config)):
            (staged / name).write_text(json.dumps(value, indent=2) + "\n")
        for name in (_WEIGHTS, _METADATA, _CONFIG):
            os.replace(staged / name, folder / name)


def _halve(path, scratch):
    """Replaces a weights file by one whose matrices are float16."""
    with h5py.File(path) as source, h5py.File(scratch, "w") as target:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                made = target.require_group(name)
            else:
                is_matrix = item.ndim >= 2 and "normalization" not in name
                kind = np.float16 if is_matrix else item.dtype
                made = target.create_dataset(name, data=item[()].astype(kind))
            made.attrs.update(item.attrs)

        target.attrs.update(source.attrs)
        source.visititems(copy)
    os.replace(scratch, path)


def _read_json(path):
    if path.stat().st_size > _LARGEST_JSON:
        raise ValueError(f"{path.name} is too large to be a preset's.")
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise ValueError(f"{path.name} holds no JSON object.")
    return value


class FromPreset:
    """Mixin of models that are saved as presets."""

    @classmethod
    def from_preset(cls, preset: str | os.PathLike, load_weights: bool = True) -> Self:
        """A model that comes with the package, or that `save_to_preset` wrote.

        ```python
        model = ProPose.from_preset("propose_base")
        ```

        Args:
            preset: Name, such as `"propose_base"`, or path of a folder.
            load_weights: Whether to load the weights, not only the architecture.

        Raises:
            ValueError: If there is no such preset (the message lists the names), or it
                is damaged or of another class.
        """
        return load_preset(preset, (cls,), load_weights)

    def save_to_preset(
        self,
        preset_dir: str | os.PathLike,
        training: dict | None = None,
        half_precision: bool = False,
    ) -> None:
        """Saves the model as a folder for `from_preset`; see `save_preset`."""
        save_preset(self, preset_dir, training, half_precision)
