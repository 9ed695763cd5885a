"""Models as folders: those that come with the package, and those that users save."""

from propose_keras.presets.folders import (
    FromPreset,
    check_kind,
    load_preset,
    preset_card,
    preset_folder,
    preset_names,
    preset_training,
    save_preset,
)

__all__ = [
    "FromPreset",
    "check_kind",
    "load_preset",
    "preset_card",
    "preset_folder",
    "preset_names",
    "preset_training",
    "save_preset",
]
