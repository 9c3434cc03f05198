"""A user's own arrays: what is right is taken, and what is wrong is named."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf

INPUTS = np.asarray(jax.random.normal(jax.random.key(0), (20, 1, 3, 2))) * 4 + 2
LABELS = np.arange(20) % 4
GOOD = {"inputs": INPUTS, "labels": LABELS}
TESTED = GOOD | {"test_inputs": INPUTS[:4], "test_labels": LABELS[:4]}


def saved(folder, **arrays):
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


@pytest.mark.parametrize("arrays", [GOOD, TESTED], ids=["split", "tested"])
def test_a_file_and_a_mapping_are_the_same(arrays, tmp_path):
    one = mf.training.arrays(arrays)
    for source in (saved(tmp_path, **arrays), str(saved(tmp_path, **arrays))):
        two = mf.training.arrays(source)
        assert jax.tree.structure(one) == jax.tree.structure(two)
        assert all(bool(jnp.array_equal(*pair)) for pair in zip(*map(jax.tree.leaves, (one, two)), strict=True))


def test_own_test_samples_are_kept_and_others_drawn():
    tested, split = mf.training.arrays(TESTED), mf.training.arrays(GOOD, test=0.4)
    assert (tested.samples(), tested.samples("test")) == (20, 4)
    assert (split.samples(), split.samples("test")) == (12, 8)
    np.testing.assert_array_equal(np.bincount(split.test_labels), [2, 2, 2, 2])
    other = mf.training.arrays(GOOD, test=0.4, key=jax.random.key(1))
    assert not bool(jnp.array_equal(other.test_inputs, split.test_inputs))


def test_inputs_are_standardized_by_what_is_trained_on():
    data = mf.training.arrays(TESTED)
    expected = (INPUTS - INPUTS.mean()) / INPUTS.std()
    np.testing.assert_allclose(data.inputs, expected, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(data.test_inputs, expected[:4], rtol=2e-6, atol=1e-6)
    raw = mf.training.arrays(TESTED, standardize=False)
    np.testing.assert_array_equal(raw.inputs, INPUTS.astype(np.float32))


def test_pixels_of_one_byte_are_numbers():
    pixels = np.arange(80, dtype=np.uint8).reshape(20, 4)
    np.testing.assert_array_equal(
        mf.training.arrays(TESTED | {"inputs": pixels, "test_inputs": pixels[:4]}, standardize=False).inputs, pixels
    )
    assert mf.training.arrays(GOOD | {"inputs": pixels}).inputs.dtype == jnp.float32


def test_classes_may_be_more_than_there_are_samples_of():
    data = mf.training.arrays(GOOD | {"labels": LABELS * 2}, classes=9)
    assert data.classes == 9


def test_a_network_trains_on_them():
    data = mf.training.arrays(GOOD)
    network = mf.networks.Perceptron(data.input_shape, data.classes, (3,), key=jax.random.key(0))
    inputs, targets = data.batch(jax.random.key(0), 0, 5)
    assert network(inputs)[0].shape == (5, 4) and targets.shape == (5,)


def without(name):
    return {key: value for key, value in TESTED.items() if key != name}


def changed(name, value):
    return TESTED | {name: value}


NAN = np.where(np.arange(20).reshape(20, 1, 1, 1) == 3, np.nan, INPUTS)
REFUSED = {
    "a number": (5, "source must be the path of an npz file or a mapping of arrays, got int"),
    "missing inputs": (without("inputs"), "inputs is missing"),
    "missing labels": (without("labels"), "labels is missing"),
    "missing test inputs": (without("test_inputs"), "test_inputs is missing"),
    "missing test labels": (without("test_labels"), "test_labels is missing"),
    "unknown": (TESTED | {"targets": LABELS}, "nothing else, got 'targets'"),
    "nan": (changed("inputs", NAN), r"inputs must be finite, got at index \(3, 0, 0, 0\): nan"),
    "infinite": (changed("test_inputs", np.full((4, 1, 3, 2), np.inf)), "test_inputs must be finite"),
    "text": (changed("inputs", np.full((20, 2), "x")), "inputs must be a real number or an array of real numbers"),
    "complex": (changed("inputs", INPUTS * 1j), "inputs must be a real number or an array of real numbers"),
    "truth values": (changed("inputs", INPUTS > 0), "inputs must be a real number or an array of real numbers"),
    "one axis": (changed("inputs", np.ones(20)), r"inputs must have shape \(samples, …\)"),
    "no samples": (GOOD | {"inputs": np.ones((0, 2)), "labels": np.ones(0, int)}, "inputs must have shape"),
    "no numbers": (changed("inputs", np.ones((20, 0))), "at least one number a sample"),
    "other lengths": (changed("labels", LABELS[:19]), r"inputs has samples \(20,\), labels has samples \(19,\)"),
    "other test lengths": (changed("test_labels", LABELS[:3]), r"test_labels has samples \(3,\)"),
    "other test shape": (
        changed("test_inputs", np.ones((4, 1, 2, 3))),
        r"shape \(1, 3, 2\) of inputs, got \(1, 2, 3\)",
    ),
    "labels of two axes": (changed("labels", np.eye(20, 4, dtype=int)), r"labels must have shape \(samples,\)"),
    "labels that are no integers": (changed("labels", LABELS / 1), "labels must be integers, got an array of float64"),
    "negative labels": (changed("labels", LABELS - 1), "labels must be at least 0, got -1 at index 0"),
    "a class without samples": (changed("labels", LABELS + 1), "class 0 has none; give classes"),
    "a class in the test alone": (changed("test_labels", LABELS[:4] + 2), "class 4 has none"),
    "one number": (
        changed("inputs", np.full((20, 2), 3.0)) | {"test_inputs": np.ones((4, 2))},
        "inputs must not all be",
    ),
    "one sample of a class": (GOOD | {"labels": np.array([1] + [0] * 19)}, "class 1 has 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_defects_are_named(case):
    source, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        mf.training.arrays(source)


@pytest.mark.parametrize("case", [case for case in REFUSED if case != "a number"])
def test_defects_of_files_are_named_alike(case, tmp_path):
    arrays, words = REFUSED[case]
    with pytest.raises(ValueError, match=words):
        mf.training.arrays(saved(tmp_path, **arrays))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"classes": 3}, "labels must be from 0 to classes − 1 = 2, got 3"),
        ({"classes": 0}, "classes must be at least 1"),
        ({"test": 1.0}, "test must be a share"),
        ({"key": 1}, "key must be one key"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        mf.training.arrays(GOOD, **options)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"source must be an npz file, there is none at .*absent\.npz"):
        mf.training.arrays(tmp_path / "absent.npz")
    with pytest.raises(ValueError, match="there is none at"):
        mf.training.arrays(tmp_path)
    (tmp_path / "text.npz").write_text("inputs, labels")
    with pytest.raises(ValueError, match=r"as numpy\.savez writes it, .*text\.npz"):
        mf.training.arrays(tmp_path / "text.npz")
    np.save(tmp_path / "one.npy", INPUTS)
    with pytest.raises(ValueError, match=r"as numpy\.savez writes it, .*one\.npy"):
        mf.training.arrays(tmp_path / "one.npy")
    (tmp_path / "empty.npz").write_bytes(b"")
    with pytest.raises(ValueError, match=r"as numpy\.savez writes it, .*empty\.npz"):
        mf.training.arrays(tmp_path / "empty.npz")


def test_a_file_cut_off_is_refused(tmp_path):
    path = saved(tmp_path, **GOOD)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"as numpy\.savez writes it"):
        mf.training.arrays(path)


def test_objects_are_not_unpickled(tmp_path):
    np.savez(tmp_path / "objects.npz", inputs=np.array([{}, {}]), labels=np.arange(2))
    with pytest.raises(ValueError, match=r"objects\.npz"):
        mf.training.arrays(tmp_path / "objects.npz")
