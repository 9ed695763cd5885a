"""What is asked of rtmlib, with a stand-in: its weights are on a server."""

import sys
import types

import numpy as np
import pytest

from propose_keras.detection import DetectionError, Frame, make_detector

BOXES = {0: [], 1: [(0, 0, 9, 9)], 2: [(0, 0, 9, 9), (10, 0, 19, 9), (20, 0, 29, 9)]}


class Body:
    """As rtmlib 0.0.16 has it."""

    def __init__(self, mode, backend, device):
        if mode == "performance":
            raise OSError("[Errno -3] Temporary failure in name resolution")
        assert (backend, device) == ("onnxruntime", "cpu")
        self.mode = mode

    def det_model(self, image):
        assert image.flags.c_contiguous
        assert image[0, 0, 0] > image[0, 0, 2]  # Blue comes first.
        return np.array(BOXES[image[0, 0, 1]])

    def pose_model(self, image, bboxes):
        assert len(bboxes)
        keypoints = np.repeat(np.array(bboxes)[:, None, :2], 17, axis=1)
        scores = np.array([0.5, 0.9, 1.1])[: len(bboxes), None].repeat(17, axis=1)
        return keypoints.astype(float), scores


@pytest.fixture(autouse=True)
def rtmlib(monkeypatch):
    module = types.ModuleType("rtmlib")
    module.Body = Body
    monkeypatch.setitem(sys.modules, "rtmlib", module)
    monkeypatch.setitem(sys.modules, "onnxruntime", types.ModuleType("onnxruntime"))


def frames():
    for number in range(3):
        image = np.zeros((20, 30, 3), np.uint8)
        image[..., 1], image[..., 2] = number, 255
        yield Frame(number, image)


def test_people():
    detector = make_detector("rtmpose")
    assert detector.layout == "coco17"
    found = list(detector(frames()))
    assert [k.shape for k, _ in found] == [(0, 17, 2), (1, 17, 2), (3, 17, 2)]
    assert [s.shape for _, s in found] == [(0, 17), (1, 17), (3, 17)]
    assert found[2][0][:, 0, 0].tolist() == [0, 10, 20]
    assert found[2][1][:, 0].tolist() == [0.5, 0.9, 1.0]


def test_the_surest_people():
    (_, _, (keypoints, scores)) = make_detector("rtmpose", max_people=2)(frames())
    assert keypoints[:, 0, 0].tolist() == [10, 20]
    assert scores[:, 0].tolist() == [0.9, 1.0]


def test_modes():
    assert make_detector("rtmpose", "lightweight")._body.mode == "lightweight"
    with pytest.raises(ValueError, match="one of lightweight, balanced, performance"):
        make_detector("rtmpose", "a.onnx")
    with pytest.raises(DetectionError, match="weights of RTMPose performance"):
        make_detector("rtmpose", "performance")


def test_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with pytest.raises(ImportError, match="pip install rtmlib onnxruntime"):
        make_detector("rtmpose")
