"""rtmlib's own code, on networks that always answer the same.

They have the inputs and outputs of YOLOX with its non-maximum suppression and of
RTMPose, whose weights are on a server.
"""

import numpy as np
import pytest

from propose_keras.detection import Frame, make_detector

onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
rtmlib = pytest.importorskip("rtmlib", reason="needs rtmlib")

# Corners in a picture of 640 pixels, and a score.
BOXES = [[100, 50, 300, 400, 0.9], [350, 60, 500, 420, 0.8], [0, 0, 10, 10, 0.1]]


def save_network(path, shape, **answers):
    """A network that answers with constants, whatever it is given."""
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("ReduceMax", ["input"], ["most"], keepdims=0),
        helper.make_node("Mul", ["most", "zero"], ["nothing"]),
    ]
    constants, outputs = [onnx.numpy_helper.from_array(np.float32(0), "zero")], []
    for name, answer in answers.items():
        answer = np.asarray(answer, np.float32)
        constants.append(onnx.numpy_helper.from_array(answer, f"{name}_is"))
        nodes.append(helper.make_node("Add", [f"{name}_is", "nothing"], [name]))
        outputs.append(helper.make_tensor_value_info(name, float32, answer.shape))
    graph = helper.make_graph(
        nodes,
        "constants",
        [helper.make_tensor_value_info("input", float32, shape)],
        outputs,
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    return str(path)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes a detector that sees people in these boxes."""

    def make(boxes):
        across, down = np.zeros((1, 17, 384)), np.zeros((1, 17, 512))
        joints = np.arange(17)
        across[0, joints, 100 + 5 * joints] = 1.2
        down[0, joints, 50 + 20 * joints] = 1.1
        detector = save_network(tmp_path / "det.onnx", [1, 3, 640, 640], dets=[boxes])
        pose = save_network(
            tmp_path / "pose.onnx", [1, 3, 256, 192], simcc_x=across, simcc_y=down
        )
        solution = rtmlib.Body
        monkeypatch.setattr(
            rtmlib,
            "Body",
            lambda mode, **options: solution(
                detector, pose=pose, pose_input_size=(192, 256), **options
            ),
        )
        return make_detector("rtmpose")

    return make


def frames():
    for number in range(2):
        yield Frame(number, np.zeros((480, 640, 3), np.uint8))


def test_people(make, capsys):
    detector = make(BOXES)
    found = list(detector(frames()))
    for keypoints, scores in found:
        assert keypoints.shape == (2, 17, 2)
        assert (scores == 1).all()  # Of 1.1.
        for person, box in zip(keypoints, BOXES):
            corners = np.array(box[:4]).reshape(2, 2)
            # RTMPose is given a part more than the box.
            assert (person > corners[0] - 60).all()
            assert (person < corners[1] + 60).all()
        steps = np.diff(keypoints, axis=1)
        assert (steps > 0).all()
    assert capsys.readouterr().out == ""


def test_nobody(make):
    """The whole picture is not taken for a person."""
    for keypoints, scores in make([[*BOXES[0][:4], 0.1]])(frames()):
        assert keypoints.shape == (0, 17, 2)
        assert scores.shape == (0, 17)
