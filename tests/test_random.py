import numpy as np
import pytest
from keras import ops

from propose_keras import random


def draw(*args, **kwargs):
    return ops.convert_to_numpy(random.normal(*args, **kwargs))


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [  # Known answers of Random123's kat_vectors for threefry2x32-20.
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        (
            (0x13198A2E, 0x03707344),
            (0x243F6A88, 0x85A308D3),
            (0xC4923A9C, 0x483DF7A0),
        ),
    ],
)
def test_threefry_known_answers(key, counter, expected):
    words = [ops.convert_to_tensor(np.array([w], np.uint32)) for w in (*key, *counter)]
    result = [int(ops.convert_to_numpy(x)[0]) for x in random._threefry(*words)]
    assert tuple(result) == expected


def test_normal_moments():
    seeds = random.row_seeds(3, 50)
    noise = draw(seeds, 200, 31)
    assert noise.shape == (50, 200, 31)
    assert abs(noise.mean()) < 0.01
    assert abs(noise.std() - 1) < 0.01
    assert abs((noise**4).mean() - 3) < 0.1
    flat = noise.reshape(-1, 31)
    correlation = np.corrcoef(flat.T) - np.eye(31)
    assert np.abs(correlation).max() < 0.05


def test_draws_do_not_depend_on_chunks_or_batch():
    seeds = ops.convert_to_numpy(random.row_seeds(7, 5))
    whole = draw(seeds, 10, 4)
    np.testing.assert_allclose(whole[:, 6:], draw(seeds, 4, 4, first_draw=6), rtol=1e-5)
    np.testing.assert_allclose(whole[2:3], draw(seeds[2:3], 10, 4), rtol=1e-5)


def test_seeds_rows_and_folds_differ():
    a, b = draw(random.row_seeds(0, 2), 1, 8), draw(random.row_seeds(1, 2), 1, 8)
    assert not np.allclose(a, b)
    assert not np.allclose(a[0], a[1])
    seed = np.array([[0, 5]])
    folded = [ops.convert_to_numpy(random.fold_in(seed, i)) for i in range(3)]
    assert len({tuple(f[0]) for f in folded}) == 3


def test_negative_seed_is_accepted():
    assert np.isfinite(draw(np.array([[-1, -7]], "int32"), 2, 3)).all()


def test_uniform():
    values = ops.convert_to_numpy(random.uniform(np.array([[1, 2]]), 100, 101))
    assert values.shape == (1, 100, 101)
    assert values.min() > 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 0.01
