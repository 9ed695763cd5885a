"""Writes the files of a data set, each by one of Beam's workers."""

from __future__ import annotations

import dataclasses
import json
import os
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

if typing.TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Yields keys and examples. It travels to a worker, so it has to be a function of an
# importable module or a `functools.partial` of one.
Generator = Callable[[], Iterator[tuple[str, Mapping[str, Any]]]]


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file to write.

    Attributes:
        path: The file.
        generate: Yields what belongs into it.
    """

    path: str
    generate: Generator


def write_splits(
    generators: Mapping[str, Sequence[Generator]],
    templates: Mapping[str, tfds.core.ShardedFileTemplate],
    writer: tfds.core.writer.ShardWriter,
    download_config: tfds.download.DownloadConfig,
) -> tfds.core.SplitDict:
    """Writes all files of all splits side by side.

    TFDS' own `ShardBasedBuilder` gives Beam one step per file, which its local runner
    takes one after the other, and runs the steps of the first split again with those
    of the second. Here the files are the elements of one step.

    Args:
        generators: For each split one generator per file.
        templates: How the files of each split are named.
        writer: Turns examples into a file.
        download_config: Has Beam's runner and its options.

    Returns:
        The splits for `tfds.core.DatasetInfo.set_splits`.

    Raises:
        RuntimeError: If the runner did not report every file.
    """
    import tensorflow_datasets as tfds

    paths = {
        split: templates[split].sharded_filepaths(len(generators[split]))
        for split in generators
    }
    shards = [
        Shard(os.fspath(path), generate)
        for split in generators
        for path, generate in zip(paths[split], generators[split])
    ]
    folder = next(iter(templates.values())).data_dir
    counts = _run(shards, writer, download_config, folder / "shard_report.json")
    return tfds.core.SplitDict(
        tfds.core.SplitInfo(
            name=split,
            shard_lengths=[counts[os.fspath(path)] for path in paths[split]],
            num_bytes=sum(path.stat().length for path in paths[split]),
            filename_template=templates[split],
        )
        for split in generators
    )


def _run(shards, writer, download_config, report: tfds.core.Path) -> dict[str, int]:
    """Examples in each file by path; workers' counts come back through a file."""
    import apache_beam as beam

    with beam.Pipeline(
        runner=download_config.beam_runner, options=download_config.beam_options
    ) as pipeline:
        _ = (
            pipeline
            | beam.Create(shards)
            | beam.Reshuffle()
            | "WriteShards" >> beam.Map(write_shard, writer)
            | beam.combiners.ToList()
            | "Report" >> beam.Map(_write_report, report)
        )
    counts = dict(json.loads(report.read_text()))
    report.unlink()
    lost = [shard.path for shard in shards if shard.path not in counts]
    if lost:
        raise RuntimeError(
            f"Beam did not report {len(lost)} of {len(shards)} files: {lost}. Build "
            "again, on one process if it persists "
            "(--beam_pipeline_options=runner=FnApiRunner)."
        )
    return counts


def write_shard(shard: Shard, writer: tfds.core.writer.ShardWriter) -> tuple[str, int]:
    """Writes one file; runs in Beam's workers.

    Returns:
        The path, and the number of examples written.
    """
    import tensorflow_datasets as tfds

    path = tfds.core.Path(shard.path)
    return shard.path, writer.write(examples=shard.generate(), path=path)


def _write_report(written: list[tuple[str, int]], report: tfds.core.Path) -> None:
    report.write_text(json.dumps(written))
