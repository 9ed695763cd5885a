import sys

import numpy as np
import pytest
import synthetic_human as synthetic

from propose_keras import drawing
from propose_keras.skeletons import H36M_17

figure_module = pytest.importorskip("matplotlib.figure")
colors = pytest.importorskip("matplotlib.colors")


@pytest.fixture(scope="module")
def clip():
    return next(synthetic.generate_clips(("S9",), 1, 2.0, 2.0))


@pytest.fixture
def axes():
    return figure_module.Figure().add_subplot(projection="3d")


def fan(clip, rng, num_hypotheses=6):
    return clip["pose_3d"] + rng.normal(0, 30, (num_hypotheses, 4, 17, 3))


def test_pose_is_drawn_upright_with_equal_axes(clip, axes):
    drawing.draw_pose_3d(axes, clip["pose_3d"][0])
    lines = dict(zip([child for _, child in H36M_17.bones], axes.lines))
    assert len(axes.lines) == 16
    x, y, z = lines[H36M_17.index("Head")].get_data_3d()
    head = clip["pose_3d"][0, H36M_17.index("Head")]
    np.testing.assert_allclose([x[1], y[1], z[1]], [head[0], head[2], -head[1]])
    foot = lines[H36M_17.index("LFoot")].get_data_3d()[2][1]
    assert z[1] > foot + 1000
    ranges = [np.ptp(limits) for limits in (axes.get_xlim(), axes.get_zlim())]
    assert ranges[0] == pytest.approx(ranges[1])


def test_left_and_right_have_their_colors(clip, axes):
    drawing.draw_pose_3d(axes, clip["pose_3d"][0])
    for (_, child), line in zip(H36M_17.bones, axes.lines):
        left, right = child in H36M_17.left, child in H36M_17.right
        assert (line.get_color() == drawing.LEFT_COLOR) == left
        assert (line.get_color() == drawing.RIGHT_COLOR) == right


def test_limits_hold_all_poses_drawn(clip, axes):
    drawing.draw_pose_3d(axes, clip["pose_3d"][0])
    drawing.draw_pose_3d(axes, clip["pose_3d"][0] + [3000.0, 0.0, 0.0])
    low, high = axes.get_xlim()
    assert low < clip["pose_3d"][0, :, 0].min()
    assert high > clip["pose_3d"][0, :, 0].max() + 3000


def test_keypoints_that_were_filled_in_are_hollow(clip):
    axes = figure_module.Figure().add_subplot()
    missing = np.arange(17) % 4 == 0
    drawing.draw_keypoints_2d(axes, clip["keypoints_2d"][0], missing=missing)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    faces = [colors.to_hex(line.get_markerfacecolor()) for line in dots]
    edges = [colors.to_hex(line.get_markeredgecolor()) for line in dots]
    for joint, x in enumerate(clip["keypoints_2d"][0, :, 0]):
        assert dots[joint].get_xdata() == [x]
        assert (faces[joint] == "#ffffff") == missing[joint]
        assert edges[joint] != "#ffffff"


def test_keypoints_point_down_as_in_the_image(clip):
    axes = figure_module.Figure().add_subplot()
    drawing.draw_keypoints_2d(axes, clip["keypoints_2d"][0])
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert axes.get_aspect() == 1.0
    points = np.concatenate([line.get_xydata() for line in axes.lines])
    expected = clip["keypoints_2d"][0]
    assert {tuple(p) for p in points} == {tuple(p) for p in expected.astype(float)}

    axes = figure_module.Figure().add_subplot()
    drawing.draw_keypoints_2d(axes, expected, image_size=(1000, 1002))
    assert axes.get_ylim() == (1002.0, 0.0)


def test_hypotheses_are_root_aligned_green_and_translucent(clip, axes, rng):
    hypotheses = fan(clip, rng)[:, 0]
    truth = clip["pose_3d"][0]
    drawing.draw_hypotheses(axes, hypotheses, truth, mode=hypotheses.mean(0))
    (collection,) = axes.collections
    assert len(collection._segments3d) == 6 * 16
    color = collection.get_edgecolor()[0]
    np.testing.assert_allclose(color[:3], colors.to_rgb(drawing.HYPOTHESIS_COLOR))
    assert 0 < collection.get_alpha() < 1
    drawn = {line.get_color() for line in axes.lines}
    assert drawn == {drawing.MODE_COLOR, drawing.GROUND_TRUTH_COLOR}
    starts = np.array([line.get_data_3d() for line in axes.lines])[:, :, 0]
    hips = [i for i, bone in enumerate(H36M_17.bones * 2) if bone[0] == 0]
    np.testing.assert_allclose(starts[hips], 0, atol=1e-9)


def test_figure_is_written(clip, rng, tmp_path):
    image = pytest.importorskip("matplotlib.image")
    path = tmp_path / "figure.png"
    hypotheses = fan(clip, rng).swapaxes(0, 1)
    figure = drawing.figure_hypotheses(
        clip["keypoints_2d"],
        hypotheses,
        clip["pose_3d"],
        hypotheses.mean(axis=1),
        path,
        titles=["a", "b", "c", "d"],
    )
    assert len(figure.axes) == 12
    pixels = image.imread(path)
    assert pixels.shape[0] > 800 and pixels[..., :3].std() > 0.05


def test_figure_without_ground_truth_and_mode(clip, rng, tmp_path):
    hypotheses = fan(clip, rng).swapaxes(0, 1)
    figure = drawing.figure_hypotheses(
        clip["keypoints_2d"][:1], hypotheses[:1], None, None, tmp_path / "figure.png"
    )
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["left", "right", "6 hypotheses"]
    missing = np.arange(17)[None] == 4
    figure = drawing.figure_hypotheses(
        *(clip["keypoints_2d"][:1], hypotheses[:1], None, None, tmp_path / "b.png"),
        missing=missing,
    )
    assert figure.legends[0].get_texts()[-1].get_text() == "filled in"


def test_wrong_shapes_are_named(clip, axes, rng, tmp_path):
    with pytest.raises(ValueError, match=r"`pose_3d`.*17, 3.*received \(16, 3\)"):
        drawing.draw_pose_3d(axes, clip["pose_3d"][0, :16])
    with pytest.raises(ValueError, match=r"`hypotheses`.*\(hypotheses, 17, 3\)"):
        drawing.draw_hypotheses(axes, clip["pose_3d"][0])
    path = tmp_path / "figure.png"
    with pytest.raises(ValueError, match="`ground_truth`.*which are 4, received 1"):
        drawing.figure_hypotheses(
            clip["keypoints_2d"],
            fan(clip, rng).swapaxes(0, 1),
            clip["pose_3d"][:1],
            None,
            path,
        )
    assert not path.exists()


def test_missing_matplotlib_gives_the_command(clip, rng, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"\[visualization\]"):
        drawing.figure_hypotheses(
            clip["keypoints_2d"],
            fan(clip, rng).swapaxes(0, 1),
            None,
            None,
            tmp_path / "figure.png",
        )
