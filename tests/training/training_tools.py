"""What the tests of training share."""

import numpy as np


def snapshot(model):
    return {v.path: np.array(v) for v in model.trainable_variables}


def moved_networks(before, after):
    return {
        path.split("/")[0] for path in before if (before[path] != after[path]).any()
    }
