"""How builds run on Beam: on this machine unless told otherwise."""

from __future__ import annotations

import errno
import os
import re
import typing

from propose_keras.data.errors import DataFileError

if typing.TYPE_CHECKING:
    import tensorflow_datasets as tfds
    from apache_beam.options.pipeline_options import PipelineOptions

# Comes with Beam. The newest `DirectRunner` first tries to download a helper.
LOCAL_RUNNER = "FnApiRunner"
# What Beam adds to the message of an error in a worker, with the step's name.
_WORKER_SUFFIX = " [while running "
# Errors of readers, whose messages say all.
_PLAIN_ERRORS = {cls.__name__: cls for cls in (DataFileError, FileNotFoundError)}


def local_pipeline_options(num_workers: int | None = None) -> PipelineOptions:
    """Options of a runner on this machine that fetches nothing.

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
        runner=LOCAL_RUNNER,
        direct_num_workers=num_workers,
        direct_running_mode="multi_processing" if num_workers > 1 else "in_memory",
    )


def choose_runner(
    download_config: tfds.download.DownloadConfig, in_process: bool = False
) -> None:
    """Sets the runner in a download config that leaves it open.

    `tfds build` passes `--beam_pipeline_options` on as options only, while TFDS writes
    shards through Beam only where a runner is set.

    Args:
        download_config: Changed in place. The runner named in its options is taken;
            without a name it is this machine's.
        in_process: Whether to start no processes where the options are left open too;
            for little work, starting them takes longest.
    """
    from apache_beam.options.pipeline_options import StandardOptions

    if download_config.beam_runner is not None:
        return
    if download_config.beam_options is None:
        download_config.beam_options = (
            local_pipeline_options(1) if in_process else local_pipeline_options()
        )
    standard = download_config.beam_options.view_as(StandardOptions)
    download_config.beam_runner = standard.runner or LOCAL_RUNNER


def plain_error(error: BaseException, folder: str | os.PathLike) -> Exception | None:
    """What a failed build comes down to, out of a worker's traceback.

    Args:
        error: What the build raised.
        folder: Where it wrote to.

    Returns:
        An error to raise instead, or None if the one at hand says it best.
    """
    text = str(error)
    for cls in _PLAIN_ERRORS.values():
        if isinstance(error, cls):
            plain, suffix, _ = text.partition(_WORKER_SUFFIX)
            return cls(plain) if suffix else None
    if getattr(error, "errno", None) == errno.ENOSPC or (
        os.strerror(errno.ENOSPC) in text
    ):
        return OSError(
            errno.ENOSPC,
            "No space left to write the data set. Nothing of it was kept. Free some "
            "there and in the folder for temporary files, or choose another `data_dir`",
            os.fspath(folder),
        )
    names = "|".join(_PLAIN_ERRORS)
    pattern = rf"\b({names}): (.+?)(?:{re.escape(_WORKER_SUFFIX)}|$)"
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        return None
    name, message = found[-1]
    return _PLAIN_ERRORS[name](message)
