import pytest

from propose_keras.data.shards import group_evenly


@pytest.mark.parametrize(
    ("sizes", "group_size", "expected"),
    [
        ([1, 1, 1, 1], 2, ["ab", "cd"]),
        ([3, 1, 1, 1], 3, ["a", "bcd"]),
        ([1, 1, 1, 3], 10, ["abcd"]),
        ([9, 1, 1, 1], 3, ["a", "bcd"]),
        ([0.0, 0.0, 0.0, 0.0], 1, ["abcd"]),
        ([1, 1, 1, 1], 0.25, ["a", "b", "c", "d"]),
    ],
)
def test_neighbours_are_grouped_by_size(sizes, group_size, expected):
    groups = group_evenly("abcd", sizes, group_size)
    assert ["".join(group) for group in groups] == expected
