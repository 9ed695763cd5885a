"""Trains ProPose; see `python train.py --help`."""

from propose_keras.cli.train import run

if __name__ == "__main__":
    run()
