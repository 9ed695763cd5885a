import hashlib

import pytest

from propose_keras.detection import DetectionError
from propose_keras.detection.model_files import ModelFile

CONTENT = b"a model" * 1000
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def published(tmp_path):
    path = tmp_path / "model.task"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def cache(tmp_path):
    path = tmp_path / "cache"
    path.mkdir()
    return path


def test_a_model_is_fetched_once(published, cache, capfd):
    model = ModelFile(published.as_uri(), CHECKSUM, "--detector_model")
    path = model.fetch(cache)
    assert cache in path.parents
    assert path.read_bytes() == CONTENT
    published.unlink()
    assert model.fetch(cache) == path
    # A download that was stopped by a crash is done again, here in vain.
    path.write_bytes(CONTENT[:100])
    with pytest.raises(DetectionError, match="could not be fetched"):
        model.fetch(cache)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_another_file_than_expected(published, cache):
    model = ModelFile(published.as_uri(), "0" * 64, "--detector_model")
    with pytest.raises(DetectionError, match="hash does not match"):
        model.fetch(cache)


@pytest.mark.parametrize(
    "url", ["https://no-such-host.invalid/a.task", "http://127.0.0.1:9/a.task"]
)
def test_offline(cache, url):
    message = rf"could not be fetched from {url}: .*pass the file with --model\."
    with pytest.raises(DetectionError, match=message):
        ModelFile(url, CHECKSUM, "--model").fetch(cache)
    assert not list(cache.rglob("*.task"))
