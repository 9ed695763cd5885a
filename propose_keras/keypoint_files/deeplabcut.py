"""The columns of DeepLabCut's tables, csv and HDF5 alike.

Of each column the table states the scorer (the network), with several animals or people
the individual, the body part and the coordinate (x, y, likelihood); see "Analyzing
videos" of its user guide (https://deeplabcut.github.io/DeepLabCut/docs/
standardDeepLabCut_UserGuide.html). Tables of hand-labelled frames have no likelihood.
"""

from collections.abc import Sequence

from propose_keras.keypoint_files.joint_names import match_names
from propose_keras.keypoint_files.records import KeypointFileError
from propose_keras.keypoint_files.table_rows import PersonColumns

_COORDINATES = ("x", "y", "likelihood")


def deeplabcut_columns(
    name: str,
    individuals: Sequence[str] | None,
    parts: Sequence[str],
    coordinates: Sequence[str],
    layout: str | None,
) -> list[PersonColumns]:
    """The columns of each individual.

    Args:
        name: The file, for errors.
        individuals: Of each column; None where there is but one.
        parts: The body part of each column.
        coordinates: Of each column; columns of others than x, y and likelihood, such
            as the frame's name, belong to nobody.
        layout: The layout that the user names, if any.

    Raises:
        KeypointFileError: If nobody's body parts are those of a known layout.
    """
    people: dict[str, dict[str, dict[str, int]]] = {}
    for place, (part, coordinate) in enumerate(zip(parts, coordinates)):
        if coordinate in _COORDINATES:
            who = individuals[place] if individuals else ""
            joints = people.setdefault(who, {})
            joints.setdefault(part, {})[coordinate] = place
    found, error = [], None
    for number, joints in enumerate(people.values()):
        names = list(joints)
        try:
            known, order = match_names(names, layout, name)
        except KeypointFileError as unknown:
            error = error or unknown  # Of parts that are no individual's, as objects.
            continue
        columns = [{} if place is None else joints[names[place]] for place in order]
        places = [(c.get("x"), c.get("y"), c.get("likelihood")) for c in columns]
        found.append(PersonColumns(places, known, None, number))
    if not found:
        raise error or KeypointFileError(
            f"{name}: DeepLabCut's columns hold no x, y and likelihood."
        )
    return found
