"""Evaluates ProPose; see `python evaluate.py --help`."""

from propose_keras.cli.evaluate import run

if __name__ == "__main__":
    run()
