"""What a user sees of long steps."""

import io

import pytest

from propose_keras.cli.progress import Meter, WithProgress, progress
from propose_keras.detection import Frame, Frames


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def count(stream, total, pace, steps):
    clock = Clock()
    meter = Meter("lifting", total, stream=stream, clock=clock)
    for _ in range(steps):
        clock.seconds += pace
        meter.step()
    meter.close()
    return stream.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_what_is_soon_done_says_nothing(stream):
    assert count(stream(), 100, 0.001, 100) == ""


def test_lines_elsewhere():
    lines = count(io.StringIO(), 4000, 0.0625, 400).splitlines()
    assert lines == [
        "lifting: 160 of 4,000 frames (4 %)",
        "lifting: 320 of 4,000 frames (8 %)",
    ]
    assert count(io.StringIO(), None, 6.0, 2) == "lifting: 2 frames\n"


def test_one_line_of_a_terminal():
    text = count(Terminal(), 3, 1.0, 4)
    assert "\n" not in text
    shown = [part.strip() for part in text.split("\r")]
    # A container may state fewer frames than there are.
    assert shown[-3:] == ["lifting: 4 of 3 frames (100 %)", "", ""]


def test_items_and_frames_come_as_they_are(capsys):
    class Some(Frames):
        name, rate, num_frames, size = "some", 10.0, 3, (4, 4)

        def __iter__(self):
            return iter([Frame(i, None) for i in range(3)])

    shown = WithProgress(Some(), "lifting")
    for _ in range(2):
        assert [frame.name for frame in shown] == [0, 1, 2]
    assert (shown.rate, shown.size, shown.num_frames) == (10.0, (4, 4), 3)
    assert list(progress("abc", "reading", 3)) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
