"""The comparators by the names that `train.py --model` knows.

A further one is a module with a `ComparatorLifter`, and its lines here.
"""

from propose_keras.comparators.cvae import CVAELifter
from propose_keras.comparators.flow import FlowLifter
from propose_keras.comparators.flow_matching import FlowMatchingLifter
from propose_keras.comparators.gaussian import GaussianLifter
from propose_keras.comparators.mixture import MixtureDensityLifter
from propose_keras.comparators.score import ScoreLifter

COMPARATORS = {
    "gaussian": GaussianLifter,
    "mixture": MixtureDensityLifter,
    "cvae": CVAELifter,
    "flow": FlowLifter,
    "score": ScoreLifter,
    "flow_matching": FlowMatchingLifter,
}
"""Name to class; each class names the dataclass of its settings."""
