"""UI-PRMD's rehabilitation exercises as clips seen by virtual cameras."""

import dataclasses

import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import ClipsBuilder, some_clips
from propose_keras.data.building.filmed import FilmedConfig

from . import clips, recordings
from .facts import FLAWED_SUBJECTS, VALIDATION_SUBJECTS
from .recordings import EXPECTED_TREE


@dataclasses.dataclass
class UiPrmdConfig(FilmedConfig):
    """What to build, and how it is filmed; the data set has 100 frames per second.

    Attributes:
        dropped_subjects: People to leave out.
        with_incorrect: Whether exercises done wrong, as patients do them, are kept.
    """

    frame_rate: float = 25.0
    dropped_subjects: tuple[str, ...] = tuple(FLAWED_SUBJECTS)
    with_incorrect: bool = True


class Builder(ClipsBuilder):
    """Builds UI-PRMD from its text files or the npz file."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    The data set is in the public domain: https://webpages.uidaho.edu/ui-prmd/. Give as
    `--manual_dir` the folder that holds, or a folder above it:
    {EXPECTED_TREE}
    Whole people are needed: where their joints are is found from all that they did.
    """
    builder_config_cls = UiPrmdConfig
    BUILDER_CONFIGS = [
        UiPrmdConfig(name="standard", description="Four cameras, 25 Hz.")
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=clip_features(),
            homepage="https://webpages.uidaho.edu/ui-prmd/",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        found = recordings.find_recordings(dl_manager.manual_dir)
        kept = [
            recording
            for recording in found
            if recording.subject not in config.dropped_subjects
            and (config.with_incorrect or not recording.name.endswith("_inc"))
        ]
        logging.info(
            "UI-PRMD: %d recordings found, %d of them left out by the config.",
            *(len(found), len(found) - len(kept)),
        )
        self.info.metadata.update(
            recordings=len(found), left_out=len(found) - len(kept), skipped=[]
        )
        by_split = {"train": [], "validation": []}
        for recording in kept:
            is_held_out = recording.subject in VALIDATION_SUBJECTS
            by_split["validation" if is_held_out else "train"].append(recording)
        return {
            split: some_clips(split, self._generate_examples(by_split[split]))
            for split in by_split
        }

    def _generate_examples(self, kept):
        skipped: list[str] = []
        yield from clips.make_examples(
            kept,
            self.builder_config.frame_rate,
            self.builder_config.virtual_cameras(),
            skipped,
        )
        if skipped:
            logging.warning(
                "Skipped %d recordings that lack markers: %s",
                *(len(skipped), ", ".join(skipped)),
            )
        self.info.metadata["skipped"] += skipped
