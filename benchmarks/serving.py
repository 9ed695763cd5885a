"""Speed of a trained model in use: the package, a SavedModel, ONNX Runtime.

    KERAS_BACKEND=jax python benchmarks/serving.py --model=runs/full/model.keras \
        --output=serving.json

Exports the model, then lifts random people in a process per client, each kept to
`--threads` cores and threads:

- `Lifter`: `propose_keras.Lifter`. It computes more than the others do for poses in
  the model's own order: every hypothesis starts from its own draw of the keypoints. For
  detections all three compute the same.
- `SavedModel`: `tf.saved_model.load`, with TensorFlow only. An export of the backend
  that this program runs on.
- `ONNX Runtime`: on the CPU, with NumPy only.

Prints a table and writes JSON: median frames per second, one person a frame, of the
mode alone, of the mode with the spread of 64 hypotheses, of S hypotheses with their
densities, and of S hypotheses of detections in COCO's order, a wrist missing; and
seconds from the process' start to its first pose, a mode. The
mode alone is a lifter of one hypothesis, or ONNX's hypothesis without noise; a
SavedModel offers none without the spread.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

CLIENTS = ("Lifter", "SavedModel", "ONNX Runtime")
TASKS = ("mode", "mode and spread", "hypotheses", "detections")
BATCH_SIZES = (1, 64)
SPREAD_NUM_HYPOTHESES = 64


def make_requests(batch_size):
    """Keypoints in pixels, image sizes and scores of random people."""
    rng = np.random.default_rng(0)
    pose = rng.normal(size=(batch_size, 17, 3)) * [150, 350, 120] + [0, 0, 5000]
    keypoints = np.float32(pose[..., :2] / pose[..., 2:] * 1100 + 500)
    scores = np.full((batch_size, 17), 0.9, np.float32)
    scores[:, 9] = 0.0
    return keypoints, np.full((batch_size, 2), 1000, np.float32), scores


# A client is a function of the task and the batch size that returns one that lifts a
# batch. It imports what it needs itself, which its first pose waits for.


def lifter_client(values):
    """Lifts with the package."""
    from propose_keras import Lifter
    from propose_keras.inference import load_model

    model = load_model(values.model)
    counts = {"mode": 1, "mode and spread": SPREAD_NUM_HYPOTHESES}

    def make(task, batch_size):
        count = counts.get(task, values.num_hypotheses)
        lifter = Lifter(model, count, batch_size=batch_size)

        def lift(keypoints, size, scores):
            layout = "h36m17"
            if task == "detections":
                layout = "coco17"
                keypoints = np.concatenate([keypoints, scores[..., None]], axis=-1)
            return lifter(keypoints[:, None], layout=layout, image_size=size[0])

        return lift

    return make


def saved_model_client(values):
    """Lifts with TensorFlow."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(values.exports / "saved_model/1")).signatures

    def make(task, batch_size):
        if task == "mode":
            return None
        seed = np.stack([np.zeros(batch_size), np.arange(batch_size)], -1)
        name = {"hypotheses": "hypotheses", "detections": "coco17"}.get(task)
        name, given = name or "serving_default", {}
        if task in ("hypotheses", "detections"):
            given["seed"] = tf.constant(seed, tf.int32)

        def lift(keypoints, size, scores):
            if task == "detections":
                given["scores"] = tf.constant(scores)
            answer = signatures[name](
                keypoints=tf.constant(keypoints), image_size=tf.constant(size), **given
            )
            return {name: value.numpy() for name, value in answer.items()}

        return lift

    return make


def onnx_client(values):
    """Lifts with ONNX Runtime."""
    import onnxruntime

    sessions = {}

    def open_session(name):
        if name not in sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = values.threads
            sessions[name] = onnxruntime.InferenceSession(
                values.exports / "onnx" / name,
                options,
                providers=["CPUExecutionProvider"],
            )
        return sessions[name]

    def make(task, batch_size):
        if task == "mode and spread":
            session = open_session("lift.onnx")
            return lambda keypoints, size, _: session.run(
                None, {"keypoints": keypoints, "image_size": size}
            )
        session = open_session(
            "coco17.onnx" if task == "detections" else "hypotheses.onnx"
        )
        shape = {value.name: value.shape for value in session.get_inputs()}["noise"]
        count = 1 if task == "mode" else values.num_hypotheses
        rng = np.random.default_rng(0)

        def lift(keypoints, size, scores):
            noise = np.zeros((batch_size, count, shape[-1]), np.float32)
            if task != "mode":
                rng.standard_normal(dtype=np.float32, out=noise)
            given = {"keypoints": keypoints, "image_size": size, "noise": noise}
            if task == "detections":
                noise_2d = rng.standard_normal((batch_size, count, 17, 2), np.float32)
                given |= {"scores": scores, "noise_2d": noise_2d}
            return session.run(None, given)

        return lift

    return make


def run_client(values):
    """What a client's process does: lifts, and prints JSON.

    The clock of the first pose is the one that is the same in all processes.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[: values.threads])
    clients = dict(zip(CLIENTS, (lifter_client, saved_model_client, onnx_client)))
    make = clients[values.client](values)
    lift = make("mode", 1) or make("mode and spread", 1)
    lift(*make_requests(1))
    result = {"first_pose_time": time.time(), "frames_per_second": {}}
    for task in TASKS:
        paces = result["frames_per_second"][task] = {}
        for batch_size in BATCH_SIZES:
            lift = make(task, batch_size)
            paces[batch_size] = lift and measure(lift, batch_size, values.repeats)
    print(json.dumps(result))


def measure(lift, batch_size, repeats):
    """Median frames per second, after two calls that are not timed."""
    requests = make_requests(batch_size)
    seconds = []
    for _ in range(2 + repeats):
        start = time.perf_counter()
        lift(*requests)
        seconds.append(time.perf_counter() - start)
    return batch_size / float(np.median(seconds[2:]))


def start_client(client, values, exports):
    """Runs a client's process.

    Returns:
        Dictionary for JSON.
    """
    threads = str(values.threads)
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "CUDA_VISIBLE_DEVICES": "-1",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }

    start = time.time()
    process = subprocess.run(
        [
            *(sys.executable, __file__, f"--client={client}", f"--exports={exports}"),
            *(f"--{n}={getattr(values, n)}" for n in ("model", "repeats", "threads")),
            f"--num_hypotheses={values.num_hypotheses}",
        ],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = json.loads(process.stdout.splitlines()[-1])
    result["first_pose_seconds"] = result.pop("first_pose_time") - start
    return result


def benchmark(values):
    """Exports the model and runs all clients.

    Returns:
        Dictionary for JSON.
    """
    import keras

    from propose_keras.inference import load_model
    from propose_keras.serving import export_saved_model
    from propose_keras.serving.onnx_model import export_onnx

    model = load_model(values.model)
    with tempfile.TemporaryDirectory() as folder:
        exports = pathlib.Path(folder)
        export_saved_model(model, exports / "saved_model", 1, values.num_hypotheses)
        export_onnx(model, exports / "onnx")
        clients = {name: start_client(name, values, exports) for name in CLIENTS}
    return {
        "backend": keras.backend.backend(),
        "threads": values.threads,
        "num_hypotheses": values.num_hypotheses,
        "repeats": values.repeats,
        "clients": clients,
    }


def print_table(result):
    """Prints frames per second and the seconds to the first pose."""
    columns = [f"{size} at once" for size in BATCH_SIZES]
    print(f"{'client':14} {'frames per second of':28}", *(f"{c:>12}" for c in columns))
    for client, measured in result["clients"].items():
        for task, paces in measured["frames_per_second"].items():
            if task in ("hypotheses", "detections"):
                of = " of detections" if task == "detections" else ""
                task = f"{result['num_hypotheses']} hypotheses{of}"
            cells = [f"{pace:,.1f}" if pace else "-" for pace in paces.values()]
            print(f"{client:14} {task:28}", *(f"{cell:>12}" for cell in cells))
    for client, measured in result["clients"].items():
        print(f"{client}: first pose after {measured['first_pose_seconds']:.1f} s.")
    print(f"Backend {result['backend']}, {result['threads']} threads.")


def main(arguments=None):
    """Parses the arguments, prints the table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--num_hypotheses", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--exports", type=pathlib.Path, help=argparse.SUPPRESS)
    values = parser.parse_args(arguments)
    if values.client:
        run_client(values)
        return
    result = benchmark(values)
    print_table(result)
    if values.output:
        values.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
