"""Writes a model as a version folder of TensorFlow Serving."""

import os
import pathlib
from typing import Any

import tensorflow as tf

from propose_keras import files
from propose_keras.inputs import check_integer
from propose_keras.serving.programs import make_module
from propose_keras.serving.server_files import write_server_files
from propose_keras.serving.signatures import make_signatures
from propose_keras.serving.warmup import write_warmup_requests


def export_saved_model(
    model: Any,
    output: str | os.PathLike,
    version: int,
    num_hypotheses: int = 200,
    score_threshold: float = 0.3,
    keypoint_noise: float = 50.0,
) -> pathlib.Path:
    """Exports a model for TensorFlow Serving: `OUTPUT/VERSION`.

    The version is written into a hidden folder and renamed when it is complete, so that
    a server that watches `output` never sees half of it. The server's own files (see
    `write_server_files`) are written if they are not there yet.

    Args:
        model: A `ProPose` model.
        output: Folder of all versions; made if missing.
        version: Whole number of at least 1; a server serves the highest.
        num_hypotheses: S of the signatures `hypotheses` and `coco17`, at least 1.
        score_threshold: Of `coco17`: joints whose score is lower are missing.
        keypoint_noise: Of `coco17`: deviation per axis of a joint of score 0, in mm at
            the person's scale; see `Lifter`.

    Returns:
        Path of the version folder.

    Raises:
        ValueError: If `version` or `num_hypotheses` is no whole number of at least 1,
            or another argument is out of range.
        FileExistsError: If the version exists.
        OSError: If `output` cannot be written.
    """
    version = check_integer(version, "version", 1)
    num_hypotheses = check_integer(num_hypotheses, "num_hypotheses", 1)
    output = pathlib.Path(output)
    if output.exists() and not output.is_dir():
        raise NotADirectoryError(f"{output} is a file; a folder was expected.")
    final = output / str(version)
    if final.exists():
        raise FileExistsError(
            f"{final} exists: versions are not overwritten, since a server may have "
            "loaded them. Choose a higher version."
        )
    signatures = make_signatures(model, num_hypotheses, score_threshold, keypoint_noise)
    output.mkdir(parents=True, exist_ok=True)
    module, functions = make_module(model, signatures)
    with files.staging_folder(final) as folder:
        staged = folder / str(version)
        try:
            tf.saved_model.save(module, str(staged), signatures=functions)
            write_warmup_requests(staged, signatures)
        except tf.errors.OpError as error:
            raise OSError(f"Cannot write {staged}: {error.message}") from error
        staged.rename(final)
    write_server_files(output)
    return final
