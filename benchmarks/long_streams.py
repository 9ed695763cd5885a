"""Memory over an hour of keypoints without tracks.

    python benchmarks/long_streams.py --minutes=60 --form=list

Writes what a detector that does not track would: one person, who walks about and is
left out in some frames, as a list in JSON or as OpenPose's folder. Reads it as a lifter
does, with frames' times, tracking and the check, and tells how memory grew from the
first minute to the last. `--lift` lifts the people, too, with a small model of random
weights.
"""

import argparse
import json
import pathlib
import resource
import tempfile
import time

import numpy as np

from propose_keras.inference.person_check import PersonCheck
from propose_keras.inference.sources import people_of

FRAME_RATE, SIZE = 30, (1920, 1080)
_MISSED = 0.02
# A person who stands, in the order of COCO, pixels.
BODY = np.array(
    [
        *[(0, -290), (10, -300), (-10, -300), (20, -295), (-20, -295)],
        *[(75, -225), (-75, -225), (115, -95), (-115, -95), (120, 30), (-120, 30)],
        *[(65, 0), (-65, 0), (75, 210), (-75, 210), (80, 420), (-80, 420)],
    ],
    float,
)
# From COCO's order to BODY_25's; its neck and the middle of its hips are computed.
_BODY_25 = {0: 0, 2: 6, 3: 8, 4: 10, 5: 5, 6: 7, 7: 9, 9: 12, 10: 14, 11: 16, 12: 11}
_BODY_25 |= {13: 13, 14: 15, 15: 2, 16: 1, 17: 4, 18: 3}


def frames(num_frames):
    """Keypoints `(17, 3)` of each frame, None where the person was missed."""
    rng = np.random.default_rng(0)
    for frame in range(num_frames):
        place = [960 + 600 * np.sin(frame / 300), 520]
        xy = 0.9 * BODY + place + rng.normal(scale=3, size=(17, 2))
        scores = rng.uniform(0.6, 1.0, (17, 1))
        missed = rng.random() < _MISSED
        yield None if missed else np.concatenate([xy, scores], axis=-1).round(2)


def write_list(path, num_frames):
    """COCO's results, as Detectron2 writes them."""
    with open(path, "w") as file:
        file.write("[")
        for number, one in enumerate(frames(num_frames)):
            if one is not None:
                row = {"image_id": number, "keypoints": one.ravel().tolist()}
                file.write(("," if file.tell() > 1 else "") + json.dumps(row))
        file.write("]")


def write_folder(path, num_frames):
    """OpenPose's files."""
    path.mkdir()
    for number, one in enumerate(frames(num_frames)):
        people = []
        if one is not None:
            body = np.zeros((25, 3))
            body[list(_BODY_25)] = one[list(_BODY_25.values())]
            body[1], body[8] = one[[5, 6]].mean(axis=0), one[[11, 12]].mean(axis=0)
            people = [{"person_id": [-1], "pose_keypoints_2d": body.ravel().tolist()}]
        file = path / f"clip_{number:012d}_keypoints.json"
        file.write_text(json.dumps({"version": 1.3, "people": people}))


def small_model():
    """A model of random weights that knows the scale of people."""
    from propose_keras import ProPose

    rng = np.random.default_rng(0)
    model = ProPose.from_sizes(latent_size=4, width=8, num_blocks=0, num_couplings=1)
    poses = 300 * rng.normal(size=(50, 17, 3))
    model.normalization.adapt(500 + 0.3 * poses[..., :2], (1000, 1000), poses)
    return model


def read(source):
    """Times of the people of a source, as a lifter reads it."""
    check = PersonCheck(SIZE)
    for person in people_of(source, image_size=SIZE):
        list(check.add(person))
        yield person.time, person.person


def lifted(source):
    """The same of people who are lifted."""
    from propose_keras import Lifter

    lifter = Lifter(small_model(), num_hypotheses=10, batch_size=64)
    for poses in lifter.stream(source, image_size=SIZE):
        yield from zip(poses.frame.tolist(), poses.person.tolist())


def resident():
    """Memory of this process, MB."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main(argv=None):
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--form", choices=["list", "folder"], default="list")
    parser.add_argument("--lift", action="store_true")
    parser.add_argument("--output", type=pathlib.Path)
    values = parser.parse_args(argv)
    num_frames = values.minutes * 60 * FRAME_RATE
    memory, people, count, start = {}, set(), 0, time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / ("a.json" if values.form == "list" else "frames")
        (write_list if values.form == "list" else write_folder)(path, num_frames)
        for frame, person in (lifted if values.lift else read)(path):
            count += 1
            people.add(person)
            memory.setdefault(frame // (60 * FRAME_RATE), resident())
    result = {
        "minutes": values.minutes,
        "form": values.form,
        "lifted": values.lift,
        "num_people": count,
        "num_tracks": len(people),
        "memory_mb": memory,
        "growth_mb": memory[max(memory)] - memory[min(1, max(memory))],
        "processor_seconds": time.process_time() - start,
    }
    shown = {minute: round(memory[minute]) for minute in sorted(memory)[::10]}
    print(f"{count:,} people, {len(people)} tracks; MB by minute: {shown}")
    print(f"grown by {result['growth_mb']:.1f} MB from the second minute to the last")
    if values.output:
        values.output.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
