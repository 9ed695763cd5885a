"""Makes MediaPipe's `.task` file of the two models in its older wheel.

MediaPipe publishes the bundle where package registries do not reach. The wheel of
version 0.10.21 holds the same two networks without the metadata in which the bundle's
state how pixels are normalised. `pose_task` downloads that wheel, as data: nothing in
it is executed.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import pytest

from propose_keras.files import whole_file

FOLDER = pathlib.Path(__file__).parents[1] / "build"
WHEEL = "mediapipe==0.10.21"
# Any wheel will do; one for every platform's tests.
OF = ["--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--abi=cp311"]
# Name in the bundle, file in the wheel, checksum, mean and deviation of pixels.
MODELS = (
    (
        "pose_detector.tflite",
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        *(127.5, 127.5),
    ),
    (
        "pose_landmarks_detector.tflite",
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        *(0.0, 255.0),
    ),
)


def pose_task():
    """Path of the bundle, made once; skips the test where pip cannot download.

    CI has pip: there it fails.
    """
    pytest.importorskip("mediapipe", reason="needs the extra detection")
    path = FOLDER / "pose_landmarker_full.task"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            wheel = download(folder)
            with zipfile.ZipFile(wheel) as archive, whole_file(path) as staged:
                make_bundle(archive, staged)
    return path


def download(folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *OF]
    command += ["--only-binary=:all:", f"--dest={folder}", WHEEL]
    done = subprocess.run(command, capture_output=True, text=True)
    found = list(pathlib.Path(folder).glob("*.whl"))
    if done.returncode or not found:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"pip cannot download {WHEEL}: {done.stderr.strip()[-300:]}")
    return found[0]


def make_bundle(archive, path):
    from mediapipe.tasks.python.metadata.metadata_writers import (
        model_asset_bundle_utils,
    )

    models = {}
    for name, member, checksum, mean, deviation in MODELS:
        model = archive.read(member)
        assert hashlib.sha256(model).hexdigest() == checksum, member
        models[name] = with_normalization(model, mean, deviation)
    model_asset_bundle_utils.create_model_asset_bundle(models, str(path))


def with_normalization(model, mean, deviation):
    """A TensorFlow Lite model with the metadata of its image."""
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
    from mediapipe.tasks.metadata import schema_py_generated as schema

    pixels = metadata.NormalizationOptionsT()
    pixels.mean, pixels.std = [mean], [deviation]
    unit = metadata.ProcessUnitT()
    unit.optionsType = metadata.ProcessUnitOptions.NormalizationOptions
    unit.options = pixels
    properties = metadata.ImagePropertiesT()
    properties.colorSpace = metadata.ColorSpaceType.RGB
    content = metadata.ContentT()
    content.contentPropertiesType = metadata.ContentProperties.ImageProperties
    content.contentProperties = properties
    image = metadata.TensorMetadataT()
    image.name, image.content, image.processUnits = "image", content, [unit]
    graph = metadata.SubGraphMetadataT()
    graph.inputTensorMetadata = [image]
    about = metadata.ModelMetadataT()
    about.subgraphMetadata = [graph]

    parsed = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(flatbuffers, about, b"M001"), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(parsed.buffers)
    parsed.buffers.append(buffer)
    parsed.metadata = [*(parsed.metadata or []), entry]
    return packed(flatbuffers, parsed, b"TFL3")


def packed(flatbuffers, value, identifier):
    builder = flatbuffers.Builder(0)
    builder.Finish(value.Pack(builder), identifier)
    return bytes(builder.Output())
