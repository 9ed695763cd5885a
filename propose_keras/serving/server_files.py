"""Configuration files of TensorFlow Serving."""

import pathlib

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

MODEL_NAME = "propose"
"""Name under which the model is served."""

BATCH_SIZES = (1, 4, 16, 64)
"""Sizes that the server pads batches to; the largest bounds a request's rows."""

_BATCHING = f"""\
max_batch_size {{ value: {BATCH_SIZES[-1]} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
num_batch_threads {{ value: 2 }}
{chr(10).join(f"allowed_batch_sizes: {size}" for size in BATCH_SIZES)}
"""


def write_server_files(folder: pathlib.Path) -> None:
    """Writes `batching.config` and `models.config` unless they are there.

    `batching.config` is the server's `--batching_parameters_file` (`BatchingParameters`
    in text), `models.config` its `--model_config_file` (`ModelServerConfig` in text),
    which expects the folder at `/models/propose`.

    Args:
        folder: `pathlib.Path` of the versions' folder.
    """
    models = model_server_config_pb2.ModelServerConfig()
    models.model_config_list.config.add(
        name=MODEL_NAME,
        base_path=f"/models/{MODEL_NAME}",
        model_platform="tensorflow",
    )
    texts = {
        "batching.config": _BATCHING,
        "models.config": text_format.MessageToString(models),
    }
    for name, text in texts.items():
        if not (folder / name).exists():
            (folder / name).write_text(text)
