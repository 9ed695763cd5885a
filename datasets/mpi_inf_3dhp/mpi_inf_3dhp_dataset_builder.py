"""MPI-INF-3DHP as clips of 2D and 3D poses."""

import dataclasses

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import ClipsBuilder, some_clips
from propose_keras.skeletons import MPI_INF_3DHP_17

from . import clips, facts, layout


@dataclasses.dataclass
class MpiInf3dhpConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        cameras: Numbers of the training set's cameras, 0 to 13. By default the eight
            that every peer uses.
        fix_swapped_sides: Whether to swap left and right back in frames 3759 to 5852
            of S4 Seq2.
        strict: Whether a missing sequence is an error; otherwise it is listed.
    """

    cameras: tuple[int, ...] = facts.CHEST_HEIGHT_CAMERAS
    fix_swapped_sides: bool = True
    strict: bool = False


class Builder(ClipsBuilder):
    """Builds MPI-INF-3DHP from the authors' files or P-STMO's."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""
    Accept the licence and download the data set from its authors' page,
    https://vcai.mpi-inf.mpg.de/3dhp-dataset/. Images are not needed. Give as
    `--manual_dir` the folder that holds, or the folder above it:
    {layout.EXPECTED_TREE}
    Part of it is enough: what is missing is listed.
    """
    builder_config_cls = MpiInf3dhpConfig
    BUILDER_CONFIGS = [
        MpiInf3dhpConfig(name="standard", description="Eight training cameras.")
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        num_joints = MPI_INF_3DHP_17.num_joints

        def joints(num_joints: int, size: int) -> tfds.features.Tensor:
            return tfds.features.Tensor(
                shape=(None, num_joints, size), dtype=np.float32
            )

        numbers = tfds.features.Tensor(shape=(None,), dtype=np.int32)
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    **clip_features(),
                    "pose_3d_univ": joints(17, 3),
                    "annot2": joints(num_joints, 2),
                    "annot3": joints(num_joints, 3),
                    "univ_annot3": joints(num_joints, 3),
                    "frame_numbers": numbers,
                    "activity": numbers,
                    "scene": tfds.features.Text(),
                    "pose_3d_source": tfds.features.Text(),
                }
            ),
            homepage="https://vcai.mpi-inf.mpg.de/3dhp-dataset/",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        sources = layout.find_sources(dl_manager.manual_dir)
        missing = sources.missing()
        if missing and config.strict:
            raise FileNotFoundError(
                f"{dl_manager.manual_dir} lacks the sequences {missing}, and the "
                "config asks for all (`strict`)."
            )
        self.info.metadata["missing"] = missing
        if missing:
            logging.warning(
                "MPI-INF-3DHP: %d of %d sequences are not there: %s",
                len(missing),
                len(facts.TRAINING_SEQUENCES) + len(facts.TEST_SCENES),
                ", ".join(missing),
            )
        self.info.metadata["frames"] = {}
        recordings = {}
        if sources.training_folders or sources.training_npz:
            recordings["train"] = clips.read_training(sources, tuple(config.cameras))
        if sources.test_mats or sources.test_npz:
            recordings["test"] = clips.read_test(sources)
        return {
            split: self._generate_examples(split, r) for split, r in recordings.items()
        }

    def _generate_examples(self, split, recordings):
        frames = {}
        yield from some_clips(
            split,
            clips.make_examples(
                recordings, self.builder_config.fix_swapped_sides, frames
            ),
        )
        for subject, (num_frames, num_annotated) in frames.items():
            self.info.metadata["frames"][subject] = num_frames
            if subject in facts.TEST_SCENES:
                logging.warning(
                    "MPI-INF-3DHP %s: %d of %d frames are valid.",
                    *(subject, num_frames, num_annotated),
                )
