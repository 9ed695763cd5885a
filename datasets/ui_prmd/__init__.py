"""UI-PRMD: readers of its marker files, and joints from markers on the skin."""

from .facts import MARKERS
from .joints import Person, fit_person
from .markers import Markers
from .recordings import Recording, find_recordings, read_positions

__all__ = [
    "MARKERS",
    "Markers",
    "Person",
    "Recording",
    "find_recordings",
    "fit_person",
    "read_positions",
]
