"""How Beam runs on one machine, for builds that ask for no runner."""

from __future__ import annotations

import os
import typing

if typing.TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions


def local_pipeline_options(num_workers: int | None = None) -> PipelineOptions:
    """Options of a runner on this machine that fetches nothing.

    Beam's `DirectRunner` now first tries to download a helper (Prism); the
    `FnApiRunner` named here comes with Beam.

    Args:
        num_workers: Worker processes; None for one per core. With 1 everything runs
            in this process.

    Returns:
        Options for `beam.Pipeline` or `tfds.download.DownloadConfig(beam_options=)`.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    num_workers = num_workers or len(os.sched_getaffinity(0))
    return PipelineOptions(
        flags=[],
        runner="FnApiRunner",
        direct_num_workers=num_workers,
        direct_running_mode="multi_processing" if num_workers > 1 else "in_memory",
    )
