"""Human3.6M as clips of 2D and 3D poses."""

import dataclasses

import tensorflow_datasets as tfds
from absl import logging

from propose_keras.data.building import clip_features
from propose_keras.data.building.builder import ClipsBuilder

from . import clips, plan, sources


@dataclasses.dataclass
class Human36mConfig(tfds.core.BuilderConfig):
    """What to build.

    Attributes:
        detections: The 2D input: `gt` for the 3D positions projected through the
            cameras with distortion, or the name of detections: `sh`, `cpn`,
            `detectron`, or NAME for a file `data_2d_h36m_NAME.npz`. None for the
            config's own name.
        source: `archives`, `npz` or `h5` where the folder has several forms.
        dropped_sequences: What is left out: `S11 Directions`, or for one camera
            `S5 Waiting 1.55011271`. The default leaves out what every peer does: the
            video of S11's Directions is corrupt.
        max_length_difference: Most frames by which positions and detections of a clip
            may differ and still be taken, cut to the shorter one's.
        with_scores: Whether to keep the detections' confidences.
        strict: Whether a missing or mismatched clip is an error; otherwise those are
            listed when the build ends.
    """

    detections: str | None = None
    source: str | None = None
    dropped_sequences: tuple[str, ...] = plan.DEFAULT_DROPPED
    max_length_difference: int = plan.DEFAULT_LENGTH_DIFFERENCE
    with_scores: bool = False
    strict: bool = False


class Builder(ClipsBuilder):
    """Builds Human3.6M from the official archives or from what peers made of them."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Human3.6M's licence forbids to pass it on: register at
    http://vision.imar.ro/human3.6m/ and download the poses. Videos are not needed.
    Give as `--manual_dir` the folder that holds, or the folder above it, one of
      - Poses_D3_Positions_S1.tgz, ... S11.tgz and metadata.xml,
      - VideoPose3D's data_3d_h36m.npz,
      - 3d-pose-baseline's cameras.h5 and S1/MyPoses/3D_positions/*.h5, ...
    and for other configs than `gt` the detections in the same folder:
    data_2d_h36m_NAME.npz or S1/StackedHourglass/*.h5, ...
    """
    builder_config_cls = Human36mConfig
    BUILDER_CONFIGS = [
        Human36mConfig(name="gt", description="2D: projected ground truth."),
        Human36mConfig(name="sh", description="2D: stacked hourglass."),
        Human36mConfig(name="cpn", description="2D: cascaded pyramid network."),
        Human36mConfig(name="detectron", description="2D: Mask R-CNN."),
        Human36mConfig(name="hrnet", description="2D: HRNet."),
    ]

    def _create_builder_config(self, builder_config, version):
        known = {config.name for config in self.BUILDER_CONFIGS}
        if isinstance(builder_config, str) and builder_config not in known:
            builder_config = Human36mConfig(
                name=builder_config,
                description=f"2D: data_2d_h36m_{builder_config}.npz.",
            )
        return super()._create_builder_config(builder_config, version)

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=clip_features(with_scores=self.builder_config.with_scores),
            homepage="http://vision.imar.ro/human3.6m/",
            metadata=tfds.core.MetadataDict(),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager):
        config = self.builder_config
        found = sources.find_sources(
            dl_manager.manual_dir, config.detections or config.name, config.source
        )
        logging.info("Human3.6M:\n%s", found.description)
        planned = plan.make_plan(
            found,
            tuple(config.dropped_sequences),
            config.max_length_difference,
            config.strict,
        )
        self.info.metadata.update(
            sources=found.description.splitlines(),
            contents=planned.report().splitlines(),
        )
        return {
            split: self._generate_examples(planned.split(split), found)
            for split in plan.SPLITS
        }

    def _generate_examples(self, planned, found):
        return clips.make_examples(planned, found, self.builder_config.with_scores)

    def download_and_prepare(self, **kwargs):
        """Builds the data set; see `ClipsBuilder`. Lists what it contains."""
        super().download_and_prepare(**kwargs)
        if "contents" in (self.info.metadata or {}):
            logging.warning("Human3.6M:\n%s", "\n".join(self.info.metadata["contents"]))
