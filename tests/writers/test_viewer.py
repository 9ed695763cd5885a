import base64
import dataclasses
import hashlib
import html.parser
import io
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from lifted_poses import lifted_poses

from propose_keras import drawing
from propose_keras.detection import Frame, Frames
from propose_keras.inference import AXES, LiftedPoses
from propose_keras.skeletons import H36M_17
from propose_keras.writers import html as viewer
from propose_keras.writers import page_pictures
from propose_keras.writers.html import HtmlWriter
from propose_keras.writers.page_data import lanes

HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def with_plotly():
    pytest.importorskip("plotly.offline", reason="plotly is not installed")


@pytest.fixture
def without_plotly(monkeypatch):
    """A page whose drawing library does nothing, for tests of the rest."""
    monkeypatch.setattr(viewer, "plotly_source", lambda: "'</script>';\r\n")


def poses(frames, people=None, num_hypotheses=4, standing=None, is_placed=False):
    """A row for each entry of `frames`, all different."""
    num_rows = len(frames)
    rng = np.random.default_rng(1)
    body = np.zeros((17, 3)) if standing is None else standing
    mode = body + rng.normal(0, 20, (num_rows, 17, 3))
    mode -= mode[:, :1]
    hypotheses = mode[:, None] + rng.normal(0, 40, (num_rows, num_hypotheses, 17, 3))
    people = np.zeros(num_rows, int) if people is None else np.array(people)
    roots = {}
    if is_placed:
        where = rng.normal([0, 100, 4000], 300, (num_rows, 1 + num_hypotheses, 3))
        roots["root"], roots["root_hypotheses"] = where[:, 0], where[:, 1:]
    return lifted_poses(
        mode,
        list(frames),
        person=people,
        hypotheses=hypotheses.astype("float32"),
        mean=hypotheses.mean(1).astype("float32"),
        spread=rng.uniform(0, 120, (num_rows, 17)).astype("float32"),
        spread_about_thorax=rng.uniform(0, 120, (num_rows, 17)).astype("float32"),
        keypoints=(400 + 300 * people[:, None, None] + mode[..., :2] / 4).astype(
            "float32"
        ),
        missing=np.arange(17 * num_rows).reshape(-1, 17) % 5 == 0,
        num_skipped=1,
        **roots,
    )


def part(batch, start, stop):
    arrays = {
        field.name: getattr(batch, field.name)[start:stop]
        for field in dataclasses.fields(batch)
        if field.name != "num_skipped"
    }
    return LiftedPoses(**arrays)


def write(path, *batches, **options):
    with HtmlWriter(path, **options) as writer:
        for batch in batches:
            writer.write(batch)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    return page_data(path)


def page_data(path):
    text = path.read_text("utf-8")
    data = json.loads(
        re.search('<script type="application/json" id="data">(.*?)</script>', text)[1]
    )
    num_rows, num_hypotheses = len(data["person"]), data["numHypotheses"]
    for name, dtype, shape in (
        ("mode", "<i2", (17, 3)),
        ("hypotheses", "<i2", (num_hypotheses, 17, 3)),
        ("spread", "<u2", (17,)),
        ("keypoints", "<f4", (17, 2)),
        ("missing", "u1", (17,)),
        ("aboutThorax", "u1", ()),
        ("root", "<i4", (3,)),
        ("rootHypotheses", "<i4", (num_hypotheses, 3)),
    ):
        if data[name] is None:
            continue
        flat = np.frombuffer(base64.b64decode(data[name]), dtype)
        data[name] = flat.reshape(num_rows, *shape)
    return data


@pytest.mark.parametrize("frames", [[3, 4, 4, 7], ["a.jpg", "b.jpg", "b.jpg", "ü.jpg"]])
def test_page_holds_the_poses(tmp_path, without_plotly, frames):
    batch = poses(frames, [2, 2, 9, 2], num_hypotheses=6)
    batch.mode[0, 5, 1] = 1e6
    data = write(tmp_path / "a.html", batch, num_hypotheses=5)
    assert data["frames"] == [str(frames[i]) for i in (0, 1, 3)]
    assert data["firstRow"] == [0, 1, 3, 4]
    assert data["person"] == [2, 2, 9, 2]
    assert data["numDrawn"] == 6
    assert (data["numFrames"], data["stride"], data["numSkipped"]) == (3, 1, 1)
    assert data["axes"] == AXES
    assert tuple(data["joints"]) == H36M_17.joint_names
    assert tuple(data["parents"]) == H36M_17.parents
    assert data["mode"][0, 5, 1] == 32767
    np.testing.assert_allclose(data["mode"][1:], batch.mode[1:], atol=0.51)
    np.testing.assert_allclose(data["hypotheses"], batch.hypotheses[:, :5], atol=0.51)
    about = batch.missing[:, 0]
    assert about.tolist() == [True, False, False, False] == data["aboutThorax"].tolist()
    spread = np.where(about[:, None], batch.spread_about_thorax, batch.spread)
    np.testing.assert_allclose(data["spread"], spread, atol=0.51)
    assert data["root"] is None
    assert data["pictures"] == []
    np.testing.assert_array_equal(data["keypoints"], batch.keypoints)
    np.testing.assert_array_equal(data["missing"], batch.missing)


def test_page_holds_places(tmp_path, without_plotly):
    batch = poses([0, 1, 1], [0, 0, 1], is_placed=True)
    batch.root[1, 2] = 123_456.7
    data = write(tmp_path / "a.html", batch, num_hypotheses=2)
    np.testing.assert_allclose(data["root"], batch.root, atol=0.51)
    expected = batch.root_hypotheses[:, :2]
    np.testing.assert_allclose(data["rootHypotheses"], expected, atol=0.51)
    batch.root[1] = np.nan
    (tmp_path / "a.html").unlink()
    assert write(tmp_path / "a.html", batch)["root"] is None


@pytest.mark.parametrize("are_motions", [True, False])
def test_page_knows_whether_hypotheses_are_motions(
    tmp_path, without_plotly, are_motions
):
    batch = poses([0, 1, 2, 3], num_hypotheses=5)
    if are_motions:
        offsets = batch.hypotheses[:1] - batch.mode[:1, None]
        batch = dataclasses.replace(batch, hypotheses=batch.mode[:, None] + offsets)
    assert write(tmp_path / "a.html", batch)["areMotions"] is are_motions
    (tmp_path / "a.html").unlink()
    assert write(tmp_path / "a.html", poses([0, 5]))["areMotions"] is None


class Pictures(Frames):
    """Of noise in different greens, which do not compress well."""

    name, rate, size = "pictures", 10.0, (400, 200)

    def __init__(self, names, size=(400, 200)):
        self.names, self.size, self.num_frames = names, size, len(names)

    def __iter__(self):
        for place, name in enumerate(self.names):
            noise = np.random.default_rng(place).integers(0, 60, (*self.size[::-1], 3))
            yield Frame(name, (noise + [0, 150 + place, 0]).astype(np.uint8))


def jpeg(picture):
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.open(io.BytesIO(base64.b64decode(picture["jpeg"])))
    return np.asarray(image.convert("RGB"))


def test_page_holds_pictures_of_the_frames_shown(tmp_path, without_plotly):
    names = [f"{number}.jpg" for number in range(12)]
    batch = poses(names[1::2])
    frames = Pictures(names, (1600, 800))
    data = write(tmp_path / "a.html", batch, frames=frames, max_frames=3)
    assert data["frames"] == ["1.jpg", "5.jpg", "9.jpg"]
    assert [one["frame"] for one in data["pictures"]] == [0, 1, 2]
    assert {(one["width"], one["height"]) for one in data["pictures"]} == {(1600, 800)}
    images = [jpeg(one) for one in data["pictures"]]
    assert [image.shape for image in images] == 3 * [(360, 720, 3)]
    greens = [image[..., 1].mean() - 29.5 for image in images]
    np.testing.assert_allclose(greens, [151, 155, 159], atol=2)
    assert data["picturesNote"] == "pictures no larger than 720 pixels"


def test_pictures_of_a_page_are_bounded(tmp_path, without_plotly, monkeypatch):
    names = list(range(9))
    one = write(tmp_path / "a.html", poses(names[:1]), frames=Pictures(names))
    monkeypatch.setattr(page_pictures, "MAX_PICTURES", 4)
    (tmp_path / "a.html").unlink()
    data = write(tmp_path / "a.html", poses(names), frames=Pictures(names))
    assert [picture["frame"] for picture in data["pictures"]] == [0, 3, 6]
    assert data["picturesNote"] == "pictures of one frame in 3"
    # Room for two of the size they have: all are made smaller.
    size = len(base64.b64decode(one["pictures"][0]["jpeg"]))
    monkeypatch.setattr(page_pictures, "MAX_BYTES", 2 * size)
    (tmp_path / "a.html").unlink()
    data = write(tmp_path / "a.html", poses(names), frames=Pictures(names))
    assert len(data["pictures"]) == 3
    assert jpeg(data["pictures"][0]).shape[1] < 400
    assert re.match(r"pictures no larger than \d+ pixels, of", data["picturesNote"])
    # No room for all, however small.
    monkeypatch.setattr(page_pictures, "MAX_BYTES", size // 2)
    (tmp_path / "a.html").unlink()
    data = write(tmp_path / "a.html", poses(names), frames=Pictures(names))
    count = len(data["pictures"])
    assert 0 < count < 3
    assert data["picturesNote"].endswith(f"of one frame in 3, of the first {count}")
    sizes = [len(base64.b64decode(picture["jpeg"])) for picture in data["pictures"]]
    assert sum(sizes) <= size // 2


def test_a_camera_has_no_pictures_left(tmp_path, without_plotly):
    frames = Pictures([0])
    frames.can_be_reread = False
    assert write(tmp_path / "a.html", poses([0]), frames=frames)["pictures"] == []


@pytest.mark.parametrize("num_frames, max_frames", [(7, 7), (8, 7), (40, 7), (9, 1)])
def test_frames_are_thinned_evenly_with_all_their_people(
    tmp_path, without_plotly, num_frames, max_frames
):
    frames = [f for f in range(num_frames) for _ in range(1 + f % 3)]
    people = [p for f in range(num_frames) for p in range(1 + f % 3)]
    batch = poses(frames, people)
    # In threes, which cuts frames apart.
    parts = [part(batch, i, i + 3) for i in range(0, len(batch), 3)]
    data = write(tmp_path / "a.html", *parts, max_frames=max_frames)
    kept = [int(name) for name in data["frames"]]
    assert max_frames / 2 < len(kept) <= max_frames
    assert kept == list(range(0, num_frames, data["stride"]))
    assert data["numFrames"] == num_frames
    rows = np.flatnonzero(np.isin(frames, kept))
    assert data["person"] == [people[row] for row in rows]
    assert np.diff(data["firstRow"]).tolist() == [1 + f % 3 for f in kept]
    np.testing.assert_array_equal(data["keypoints"], batch.keypoints[rows])


def test_no_more_frames_are_held_than_shown(without_plotly, tmp_path):
    with HtmlWriter(tmp_path / "a.html", max_frames=5) as writer:
        for frame in range(100):
            writer.write(poses([frame]))
            assert len(writer._frames.kept) <= 5


def test_people_have_places_from_left_to_right_and_share_them_in_turn():
    frame = np.array([0, 0, 1, 1, 2, 2, 3])
    person = np.array([7, 4, 7, 4, 7, 5, 6])
    x = np.array([900.0, 100, 900, 100, 900, 120, 50])
    assert lanes(frame, person, x) == {4: 0, 5: 0, 6: 0, 7: 1}
    assert lanes(frame[:2], person[:2], -x[:2]) == {7: 0, 4: 1}


def test_failure_leaves_everything_as_it_was(tmp_path, without_plotly):
    path = tmp_path / "a.html"
    for existing in (False, True):
        if existing:
            path.write_text("from before")
        with pytest.raises(ZeroDivisionError), HtmlWriter(path) as writer:
            writer.write(poses([1]))
            raise ZeroDivisionError
        with pytest.raises(ValueError, match="no pose was written"), HtmlWriter(path):
            pass
        assert [p.name for p in tmp_path.iterdir()] == ["a.html"] * existing
    assert path.read_text() == "from before"


def test_wrong_arguments(tmp_path, without_plotly):
    with pytest.raises(ValueError, match="ends in .html or .htm, not 'a.npz'"):
        HtmlWriter(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="`max_frames` must be at least 1, received 0"):
        HtmlWriter(tmp_path / "a.html", max_frames=0)
    with pytest.raises(ValueError, match="`num_hypotheses` must be at least 1"):
        HtmlWriter(tmp_path / "a.html", num_hypotheses=0)
    with pytest.raises(FileNotFoundError):
        HtmlWriter(tmp_path / "none" / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_missing_plotly_is_said_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    with pytest.raises(ImportError, match=r'pip install "\.\[visualization\]"'):
        HtmlWriter(tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


class Outline(html.parser.HTMLParser):
    """Tags with their attributes, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self._in_script = [], [], False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data


def test_names_do_not_become_markup(tmp_path, without_plotly):
    plain = write(tmp_path / "a.html", poses([1, 2]))
    expected = Outline((tmp_path / "a.html").read_text("utf-8"))
    (tmp_path / "a.html").unlink()
    names = [HOSTILE, "{{plotly}}<!--<script>\ud800\u2028" + 200 * "x"]
    found = write(tmp_path / "a<b>{{style}}.html", poses(names))
    outline = Outline((tmp_path / "a<b>{{style}}.html").read_text("utf-8"))
    assert outline.tags == expected.tags
    assert len(outline.scripts) == 3
    assert found["frames"] == [HOSTILE, names[1][:120] + "…"]
    assert found["title"] == "a<b>{{style}}.html"
    assert plain["frames"] == ["1", "2"]


def test_page_loads_nothing_and_runs_its_own_scripts_only(tmp_path, without_plotly):
    write(tmp_path / "a.html", poses([1]))
    outline = Outline((tmp_path / "a.html").read_text("utf-8"))
    links = {"src", "href", "srcset", "action", "style"}
    assert not [tag for tag, attributes in outline.tags if links & set(attributes)]
    [policy] = [
        attributes["content"]
        for tag, attributes in outline.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    _, *scripts = outline.scripts
    assert scripts[0] == "'<\\/script>';\n"
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in scripts
    ]
    assert policy.startswith(
        f"default-src 'none'; script-src 'sha256-{hashes[0]}' 'sha256-{hashes[1]}'; "
    )
    assert "http" not in policy


# In a browser.


@pytest.fixture(scope="module")
def browser():
    found = [path for path in map(shutil.which, BROWSERS) if path]
    if not found:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    return found[0]


@pytest.fixture
def browse(browser, tmp_path_factory, with_plotly):
    """Opens a page without a window; returns what is printed and the messages."""

    def run(url, *flags):
        process = subprocess.run(
            [
                *(browser, "--headless=new", "--no-sandbox", "--disable-dev-shm-usage"),
                *("--enable-unsafe-swiftshader", "--hide-scrollbars"),
                *("--window-size=1280,800", "--enable-logging=stderr"),
                f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
                *("--virtual-time-budget=60000", *flags, url),
            ],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=300,
        )
        assert process.returncode == 0, process.stderr
        console = re.findall(r":CONSOLE.*", process.stderr)
        # About speed, from the drawing library and from drawing without a GPU.
        remarks = ("willReadFrequently", "GL Driver Message")
        bad = [line for line in console if not any(text in line for text in remarks)]
        return process.stdout, bad

    return run


@pytest.mark.slow
def test_page_draws_in_a_browser(tmp_path, browse, standing):
    path = tmp_path / "a.html"
    write(path, poses(["first", HOSTILE, "last"], standing=standing))
    page, messages = browse(f"{path.as_uri()}#frame=2", "--dump-dom")
    assert messages == []
    outline = Outline(page)
    [root] = [attributes for tag, attributes in outline.tags if tag == "html"]
    assert root["data-drawn"] == "1"
    # Two are the page's own.
    assert [tag for tag, _ in outline.tags].count("canvas") > 2
    assert "WebGL is not supported" not in re.sub(r"(?s)<script.*?</script>", "", page)
    assert "<title>a.html</title>" in page
    name = html.escape(HOSTILE, quote=False)
    assert f'<bdi id="frame-name">{name}</bdi>' in page
    assert not [tag for tag, _ in outline.tags if tag == "img"]
    assert "3 frames" in page
    assert AXES in page


DRIVER = """
<script>
(async () => {
  const root = document.documentElement, scene = document.getElementById("scene");
  const get = (id) => document.getElementById(id);
  const trace = (name) => scene.data.find((one) => one.name === name);
  const until = async (holds) => {
    while (!holds()) {
      await new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          observer.disconnect();
          resolve();
        });
        observer.observe(root, { attributeFilter: ["data-drawn"] });
      });
    }
  };
  const drawn = (frame) => until(() => root.dataset.drawn === String(frame));
  const press = (key) => document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const change = (id, values) => {
    Object.assign(get(id), values);
    get(id).dispatchEvent(new Event(id === "slider" ? "input" : "change"));
  };
  const joints = () => {
    const { x, y, z, marker } = trace("joints");
    return { x, y, z, spread: marker.color, frame: get("frame-name").textContent };
  };
  const points = (name) => {
    const { x, y, z } = trace(name);
    return x.map((value, i) => [value, y[i], z[i]]).filter(([value]) => value !== null);
  };
  const visible = () => ["hypotheses", "left"].map((name) => trace(name).visible);
  const pixel = () => {
    const pen = get("keypoints").getContext("2d");
    const { width, height } = get("keypoints");
    return [...pen.getImageData(width / 2, height / 2, 1, 1).data];
  };
  const result = {};
  await drawn(0);
  result.scene = { ...joints(), paths: points("paths"), spots: points("spots") };
  result.spreadText = get("spread-text").textContent;
  change("pose", { value: "1" });
  await until(() => trace("joints").x[0] !== result.scene.x[0]);
  result.hypothesis = { ...joints(), paths: points("paths") };
  result.modeText = get("mode-text").textContent;
  result.noMotion = !get("no-motion").hidden;
  change("pose", { value: "" });
  change("places", { value: "apart" });
  await until(() => trace("joints").x[0] === 0);
  result.first = joints();
  result.fan = points("hypotheses");
  result.bones = ["left", "middle", "right"].flatMap(points);
  result.numLines = trace("hypotheses").x.filter((value) => value === null).length;
  press("ArrowRight");
  await drawn(1);
  result.right = joints();
  result.pixel = pixel();
  press("End");
  await drawn(3);
  press("ArrowLeft");
  await drawn(2);
  result.left = joints();
  change("slider", { value: 3 });
  await drawn(3);
  result.slider = joints();
  get("previous").click();
  await drawn(2);
  get("next").click();
  await drawn(3);
  press(" ");
  await drawn(1);
  result.playing = get("play").classList.contains("playing");
  press(" ");
  result.paused = !get("play").classList.contains("playing");
  press("Home");
  await drawn(0);
  change("show-hypotheses", { checked: false });
  await until(() => trace("hypotheses").visible === false);
  result.onlyMode = visible();
  change("show-mode", { checked: false });
  change("show-hypotheses", { checked: true });
  await until(() => trace("hypotheses").visible);
  result.onlyHypotheses = visible();
  change("show-spread", { checked: false });
  await until(() => !trace("joints").visible);
  change("show-spread", { checked: true });
  change("person", { value: "8" });
  await until(() => trace("joints").x.length === 17);
  result.one = joints();
  press("End");
  await drawn(3);
  result.absent = get("absent").hidden ? "" : get("absent").textContent;
  result.caption = get("caption").textContent;
  root.dataset.result = JSON.stringify(result);
})();
</script>
</body>"""


@pytest.mark.slow
def test_controls_change_what_is_drawn(tmp_path, browse, standing):
    # Eight frames of which every second is shown, the last of them with one person.
    frames = [f for f in range(8) for _ in range(1 if f == 6 else 2)]
    people = [p for f in range(8) for p in ([3] if f == 6 else [3, 8])]
    batch = poses(frames, people, standing=standing, is_placed=True)
    path = tmp_path / "a.html"
    pictures = Pictures(range(8), (800, 600))
    data = write(path, batch, max_frames=4, num_hypotheses=3, frames=pictures)
    assert data["frames"] == ["0", "2", "4", "6"]
    text = path.read_text("utf-8")
    # The page would not run a script that is not its own.
    text, count = re.subn('<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    assert count == 1
    path.write_text("".join([text[: text.rindex("</body>")], DRIVER]), "utf-8")
    page, messages = browse(path.as_uri(), "--dump-dom")
    assert messages == []
    [root] = [attributes for tag, attributes in Outline(page).tags if tag == "html"]
    result = json.loads(root["data-result"])

    def check(found, frame):
        rows = [i for i, f in enumerate(frames) if f == frame]
        assert found["frame"] == str(frame)
        mode = data["mode"][data["firstRow"][frame // 2] :][: len(rows)]
        assert len(found["x"]) == 17 * len(rows)
        shape = len(rows), 17
        x = np.reshape(found["x"], shape)
        # Side by side, each around a hip of its own.
        np.testing.assert_array_equal(x - x[:, :1], mode[..., 0])
        np.testing.assert_array_equal(np.reshape(found["y"], shape), mode[..., 2])
        np.testing.assert_array_equal(np.reshape(found["z"], shape), -mode[..., 1])
        return x[:, 0].tolist()

    # In the camera's frame: right, forward, up.
    first, axes = slice(0, 2), [0, 2, 1]
    up = np.array([1, 1, -1])
    for found, mode, root in (
        (result["scene"], data["mode"], data["root"]),
        (
            result["hypothesis"],
            data["hypotheses"][:, 1],
            data["rootHypotheses"][:, 1],
        ),
    ):
        expected = (mode[first] + root[first, None].astype(int))[..., axes] * up
        drawn = np.stack([found[axis] for axis in "xyz"], -1).reshape(2, 17, 3)
        np.testing.assert_array_equal(drawn, expected)
        rows = np.argsort(data["person"], kind="stable")
        ground = np.array(found["paths"])[:, :2]
        np.testing.assert_array_equal(ground, root[rows][:, [0, 2]])
    spots = np.array(result["scene"]["spots"])[:, :2]
    np.testing.assert_array_equal(spots, data["root"][first, ::2])
    assert result["spreadText"] == "Spread about the thorax where hips are not seen"
    assert result["modeText"] == "Hypothesis 2: left, middle, right"
    assert result["noMotion"]
    red, green, blue, _ = result["pixel"]
    assert green - max(red, blue) > 60
    hips = check(result["first"], 0)
    assert hips[0] == 0
    assert hips[1] >= 900
    assert check(result["right"], 2) == hips
    assert check(result["left"], 4) == hips
    assert check(result["slider"], 6) == hips[:1]
    assert result["first"]["spread"] == data["spread"][:2].ravel().tolist()
    drawn = [np.reshape(result["first"][axis], (2, 17)) for axis in "xyz"]
    bones = np.array(H36M_17.bones)
    left, right = (np.isin(bones[:, 1], s) for s in (H36M_17.left, H36M_17.right))
    order = [bones[left], bones[~left & ~right], bones[right]]
    expected = [np.stack(drawn, -1)[:, chosen].reshape(-1, 3) for chosen in order]
    np.testing.assert_array_equal(result["bones"], np.concatenate(expected))
    fan = data["hypotheses"][:2].astype(int)
    assert data["aboutThorax"][:2].tolist() == [1, 0]
    thorax = H36M_17.index("Thorax")
    fan[0] += data["mode"][0, thorax] - fan[0, :, thorax, None]
    fan = fan[..., [0, 2, 1]] * np.array([1, 1, -1])
    fan[1, ..., 0] += int(hips[1])
    np.testing.assert_array_equal(result["fan"], fan[:, :, bones].reshape(-1, 3))
    assert result["numLines"] == 2 * 3 * 16
    assert result["playing"]
    assert result["paused"]
    assert result["onlyMode"] == [False, True]
    assert result["onlyHypotheses"] == [True, False]
    np.testing.assert_array_equal(result["one"]["x"], data["mode"][1, :, 0])
    assert result["absent"] == "Person 8 is not in this frame."
    assert "4 of 8 frames, one in 2" in result["caption"]
    assert "the first 3 of S = 4 hypotheses" in result["caption"]
    assert "1 person left out" in result["caption"]


@pytest.mark.slow
def test_picture_shows_the_pose(tmp_path, browse, standing):
    image_module = pytest.importorskip("PIL.Image")
    path, picture = tmp_path / "a.html", tmp_path / "picture.png"
    frames = Pictures([1], (800, 800))
    batch = poses([1], num_hypotheses=20, standing=standing)
    write(path, batch, num_hypotheses=20, frames=frames)
    _, messages = browse(path.as_uri(), f"--screenshot={picture}")
    assert messages == []
    with image_module.open(picture) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape == (800, 1280, 3)

    def where(color, region):
        rgb = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        found = np.argwhere(np.abs(pixels[region] - rgb).max(-1) < 24)
        assert len(found) > 150
        return found

    # The policy lets the picture be seen.
    panel = pixels[130:420, 960:1240]
    assert ((panel[..., 1] - panel[..., ::2].max(-1)) > 60).mean() > 0.3
    space = np.s_[130:640, 30:900]
    image = np.s_[130:420, 960:1240]
    for region in (space, image):
        left = where(drawing.LEFT_COLOR, region)
        right = where(drawing.RIGHT_COLOR, region)
        middle = where(drawing.MIDDLE_COLOR, region)
        # The person of `standing` looks into the camera; the middle is above the hip.
        assert left[:, 1].min() > right[:, 1].mean()
        assert right[:, 1].max() < left[:, 1].mean()
        assert middle[:, 0].mean() < left[:, 0].mean() - 20
