"""Pace from a video to poses: decoding, the detector, the lifter, and all of it.

    KERAS_BACKEND=jax python benchmarks/detection.py --output=detection.json

Takes `--video`, or makes one of a crop that moves over a photograph (scikit-image's
`astronaut`, of the public domain) at 640 x 480 pixels. The stages work on the same
frames in one process, which is kept to `--threads` cores, `--repeats` times in turn:

- decoding: OpenCV alone.
- detecting: decoding and the detector.
- lifting the mode, lifting S hypotheses: the lifter alone, on what was detected.
- all: from the file to S hypotheses, `Lifter.from_video`.

Prints a table and writes JSON: median frames per second, and processor time per frame,
which other programs on the computer change less.
"""

import argparse
import json
import os
import pathlib
import tempfile
import time

import numpy as np

RATE, SIZE = 25, (640, 480)


def make_video(path, num_frames):
    """Writes a video of a crop that moves over a photograph."""
    import cv2
    from skimage import data, transform

    picture = (transform.resize(data.astronaut(), (700, 700)) * 255).astype(np.uint8)
    room = np.array(picture.shape[1::-1]) - SIZE
    turns = np.arange(num_frames)[:, None] / [23, 31]
    corners = (room * (0.5 - 0.5 * np.cos(turns))).astype(int)
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), codec, RATE, SIZE)
    for x, y in corners:
        writer.write(picture[y : y + SIZE[1], x : x + SIZE[0], ::-1].copy())
    writer.release()


def benchmark(video, values):
    """Measures all stages.

    Returns:
        Dictionary for JSON.
    """
    import keras

    from propose_keras import Lifter
    from propose_keras.detection import detect, make_detector, open_frames

    detector = make_detector(values.detector, values.detector_model, values.max_people)
    lifters = {
        count: Lifter.from_preset("propose_cmu", num_hypotheses=count)
        for count in (1, values.num_hypotheses)
    }
    frames, people = open_frames(video), []

    def find():
        people[:] = detect(open_frames(video), detector)

    def lift(count):
        for _ in lifters[count].stream(people):
            pass

    def run_all():
        for _ in lifters[values.num_hypotheses].from_video(video, detector):
            pass

    stages = {
        "decoding": lambda: sum(1 for _ in frames),
        "detecting": find,
        "lifting the mode": lambda: lift(1),
        f"lifting {values.num_hypotheses} hypotheses": lambda: lift(
            values.num_hypotheses
        ),
        "all": run_all,
    }
    num_frames = sum(1 for _ in frames)
    seconds, busy = ({name: [] for name in stages} for _ in range(2))
    for repeat in range(1 + values.repeats):  # The first one compiles.
        for name, stage in stages.items():
            start, busy_start = time.perf_counter(), time.process_time()
            stage()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
                busy[name].append(time.process_time() - busy_start)
    return {
        "backend": keras.backend.backend(),
        "detector": values.detector,
        "max_people": values.max_people,
        "size": frames.size,
        "num_frames": num_frames,
        "num_people": len(people),
        "threads": values.threads,
        "repeats": values.repeats,
        "frames_per_second": {
            name: num_frames / float(np.median(taken))
            for name, taken in seconds.items()
        },
        "processor_ms_per_frame": {
            name: 1000 * float(np.median(taken)) / num_frames
            for name, taken in busy.items()
        },
    }


def print_table(result):
    """Prints frames per second and processor time."""
    for name, pace in result["frames_per_second"].items():
        busy = result["processor_ms_per_frame"][name]
        print(f"{name:24} {pace:9,.1f} frames/s {busy:9.1f} ms of processor per frame")
    width, height = result["size"]
    print(
        f"{result['num_people']} people in {result['num_frames']} frames of {width} x "
        f"{height}; {result['detector']}, backend {result['backend']}, "
        f"{result['threads']} cores, {os.getloadavg()[0]:.1f} programs on average."
    )


def main(arguments=None):
    """Parses the arguments, prints the table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--video", type=pathlib.Path)
    parser.add_argument("--num_frames", type=int, default=100)
    parser.add_argument("--detector", default="mediapipe")
    parser.add_argument("--detector_model")
    parser.add_argument("--max_people", type=int)
    parser.add_argument("--num_hypotheses", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=pathlib.Path)
    values = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[: values.threads])
    with tempfile.TemporaryDirectory() as folder:
        video = values.video
        if video is None:
            video = pathlib.Path(folder) / "made.mp4"
            make_video(video, values.num_frames)
        result = benchmark(video, values)
    print_table(result)
    if values.output:
        values.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
