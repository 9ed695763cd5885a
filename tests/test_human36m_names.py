import collections

import pytest

from propose_keras.human36m_names import (
    ACTIONS,
    ALL_SEQUENCES,
    SUBJECTS,
    Sequence,
    parse_clip,
    parse_sequence,
)


def test_there_are_thirty_sequences_a_subject():
    assert len(ACTIONS) == 15
    assert len(set(ALL_SEQUENCES)) == 210
    counts = collections.Counter(sequence.subject for sequence in ALL_SEQUENCES)
    assert counts == dict.fromkeys(SUBJECTS, 30)


def test_file_names_are_unique_and_come_back():
    assert len({sequence.key for sequence in ALL_SEQUENCES}) == 210
    for sequence in ALL_SEQUENCES:
        assert parse_sequence(sequence.subject, sequence.file_name) == sequence


# From the mapping in metadata.xml.
@pytest.mark.parametrize(
    ("subject", "name", "action", "take"),
    [
        ("S1", "Directions 1", "Directions", "1"),
        ("S1", "Directions", "Directions", "2"),
        ("S5", "Directions 2", "Directions", "2"),
        ("S1", "TakingPhoto 1", "Photo", "1"),
        ("S5", "Photo", "Photo", "1"),
        ("S5", "Photo 2", "Photo", "2"),
        ("S1", "WalkingDog", "WalkDog", "2"),
        ("S8", "WalkTogether 2", "WalkTogether", "2"),
        ("S9", "WalkingTogether", "WalkTogether", "2"),
        ("S1", "SittingDown 2", "SittingDown", "1"),
        ("S6", "Waiting 3", "Waiting", "1"),
        ("S11", "Phoning 3", "Phoning", "1"),
        ("S11", "Phoning 2", "Phoning", "2"),
        ("S7", "Walking_2", "Walking", "2"),
    ],
)
def test_names_of_the_files(subject, name, action, take):
    assert parse_sequence(subject, name) == Sequence(subject, action, take)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("S1", "_ALL 1"),
        ("S1", "Directions 2"),
        ("S2", "Directions 1"),
        ("S1", "Jumping"),
        ("S1", "Directions 1 copy"),
    ],
)
def test_other_names_are_of_no_sequence(subject, name):
    assert parse_sequence(subject, name) is None


def test_parse_clip():
    waiting = Sequence("S5", "Waiting", "1")
    assert parse_clip("S5 Waiting 1") == (waiting, None)
    assert parse_clip("S5 Waiting 1.55011271") == (waiting, "55011271")


@pytest.mark.parametrize("text", ["S5", "S5 Waiting", "S5 Waiting 1.1", "Waiting 1"])
def test_parse_clip_refuses_what_is_not_there(text):
    with pytest.raises(ValueError, match="no sequence"):
        parse_clip(text)
