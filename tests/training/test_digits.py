"""Handwritten digits: the same samples whichever classes are asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.training import _digits


@pytest.fixture(scope="module")
def digits():
    return mf.training.digits()


def test_the_file_holds_what_scikit_learn_loads():
    for one, two in zip(_digits._load(), _digits.loaded_by_library(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_quarter_of_each_digit_is_held_out(digits):
    assert digits.input_shape == (1, 8, 8) and digits.classes == 10
    assert digits.inputs.dtype == digits.test_inputs.dtype == jnp.float32 and digits.labels.dtype == jnp.int32
    whole = np.bincount(digits.labels) + np.bincount(digits.test_labels)
    assert whole.sum() == 1797
    np.testing.assert_array_equal(np.bincount(digits.test_labels), np.round(whole / 4))


def test_inputs_are_standardized_by_what_is_trained_on(digits):
    inputs = np.asarray(digits.inputs, float)
    assert abs(inputs.mean()) < 1e-6 and abs(inputs.std() - 1) < 1e-6
    assert abs(np.asarray(digits.test_inputs, float).mean()) > 1e-4  # but not by what is tested on
    pixels = np.unique(np.concatenate([inputs.ravel(), np.asarray(digits.test_inputs, float).ravel()]))
    np.testing.assert_allclose(np.diff(pixels), np.diff(pixels)[0], rtol=1e-5)  # 0 to 16 in equal steps
    assert len(pixels) == 17


def rows(inputs):
    return {row.tobytes() for row in np.asarray(inputs)}


def test_no_sample_is_trained_and_tested_on(digits):
    assert not rows(digits.inputs) & rows(digits.test_inputs)


def test_numbers_are_tuned_without_what_is_tested_on(digits):
    held = digits.validation(0.25)
    assert not rows(held.inputs) & rows(held.test_inputs)
    assert rows(held.inputs) | rows(held.test_inputs) == rows(digits.inputs)
    assert held.samples() + held.samples("test") == digits.samples()
    for label in range(10):
        count = int((digits.labels == label).sum())
        assert int((held.test_labels == label).sum()) == round(0.25 * count)


def test_classes_are_the_same_samples_and_numbers_for_every_choice(digits):
    part = mf.training.digits(classes=(7, 2))
    assert part.classes == 2 and part.samples() == int(jnp.isin(digits.labels, jnp.array([2, 7])).sum())
    for new, old in enumerate((7, 2)):
        for tested in ("", "test_"):
            labels, whole = getattr(part, f"{tested}labels"), getattr(digits, f"{tested}labels")
            np.testing.assert_array_equal(
                getattr(part, f"{tested}inputs")[labels == new], getattr(digits, f"{tested}inputs")[whole == old]
            )


def test_without_new_labels_parts_make_up_the_whole(digits):
    parts = [mf.training.digits(classes=classes, relabel=False) for classes in (range(5), range(5, 10))]
    assert [part.classes for part in parts] == [10, 10]
    assert [sorted(set(np.asarray(part.labels).tolist())) for part in parts] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert rows(parts[0].inputs) | rows(parts[1].inputs) == rows(digits.inputs)


def test_keys_draw_other_splits(digits):
    other = mf.training.digits(key=jax.random.key(1))
    assert rows(other.test_inputs) != rows(digits.test_inputs)
    np.testing.assert_array_equal(mf.training.digits(key=jax.random.key(0)).inputs, digits.inputs)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"test": 0.0}, "test must be a share"),
        ({"test": 1}, "test must be a share"),
        ({"test": "all"}, "test must be a real number"),
        ({"classes": ()}, "classes must be a sequence of digits"),
        ({"classes": 3}, "classes must be a sequence of digits"),
        ({"classes": (3, 10)}, "classes must be different digits"),
        ({"classes": (3, 3)}, "classes must be different digits"),
        ({"classes": (-1,)}, r"classes\[0\] must be at least 0"),
        ({"key": 5}, "key must be one key"),
    ],
)
def test_bad_arguments_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        mf.training.digits(**options)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(_digits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"mirrorflow\[data\]"):
        mf.training.digits()


def test_another_place_of_the_file_is_left_to_the_library(monkeypatch, tmp_path, digits):
    monkeypatch.setattr(_digits, "_FILE", ("elsewhere.csv.gz",))
    np.testing.assert_array_equal(mf.training.digits().inputs, digits.inputs)
