"""The benchmark of live lifting measures each frame."""

import importlib.util
import pathlib

import numpy as np

PATH = pathlib.Path(__file__).parents[2] / "benchmarks" / "live.py"
SPEC = importlib.util.spec_from_file_location("live_benchmark", PATH)
live = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(live)


def test_frames_of_the_example():
    for num_people in (1, 2):
        frames = list(live.read_frames(num_people))
        assert len(frames) == 20
        assert {frame.shape[::2] for frame in frames} == {(num_people, 3)}


def test_milliseconds_of_frames_after_the_first():
    now = [0.0]

    def lift(frame):
        now[0] += frame / 1000

    frames = np.arange(8.0)
    found = live.milliseconds(lift, frames, lambda: now[0])
    np.testing.assert_allclose(found, frames[live.WARM_UP :])
