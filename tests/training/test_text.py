"""Texts: one vocabulary for all, windows of the text, its end held out."""

import importlib
import inspect
from pydoc_data.topics import topics

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf
from mirrorflow.training._characters import MODULES

KEY = jax.random.key(2)
VOCABULARY = mf.training.VOCABULARY


@pytest.fixture(scope="module")
def reference():
    return mf.training.characters("reference", length=16)


@pytest.fixture(scope="module")
def library():
    return mf.training.characters("library", length=16)


def whole(data):
    return data.decode(jnp.concatenate([data.tokens, data.test_tokens]))


def test_the_vocabulary_is_a_line_end_and_what_ascii_prints():
    assert sorted(VOCABULARY) == ["\n", *map(chr, range(32, 127))] and len(VOCABULARY) == 96
    assert mf.training.decoded(mf.training.encoded(VOCABULARY)) == VOCABULARY


def test_decoding_gives_the_reference_back(reference):
    text = "\n".join(topics[name] for name in sorted(topics))
    assert whole(reference) == mf.training.printable(text)
    plain = [topic for topic in topics.values() if topic.isascii()]
    assert len(plain) > 20 and all(topic in whole(reference) for topic in plain)


def test_decoding_gives_the_sources_back(library):
    text = whole(library)
    for name in ("argparse", "queue", "weakref"):
        source = inspect.getsource(importlib.import_module(name))
        assert source.isascii() and source in text
    assert len(MODULES) == len(set(MODULES)) == 80


def test_both_texts_have_one_vocabulary_and_more_than_one_use(reference, library):
    assert reference.classes == library.classes == 96
    assert reference.tokens.dtype == library.tokens.dtype == jnp.int32
    for data in (reference, library):
        found = np.bincount(np.asarray(data.tokens), minlength=96)
        assert found.size == 96 and (found > 0).sum() > 90
    assert library.samples() > 5 * reference.samples() > 1_000_000
    # What has no other character is less than one in a thousand.
    assert all(whole(data).count("?") < len(whole(data)) / 1000 for data in (reference, library))


def test_the_end_is_held_out(reference):
    text = whole(reference)
    held_out = reference.decode(reference.test_tokens)
    assert text.endswith(held_out) and abs(len(held_out) - 0.1 * len(text)) <= 0.5


def test_targets_are_inputs_one_character_on(reference):
    text = reference.decode(reference.tokens)
    batch = jax.jit(lambda step: reference.batch(KEY, step, 32))
    inputs, targets = batch(7)
    assert inputs.shape == targets.shape == (32, 16)
    for row, target in zip(inputs, targets, strict=True):
        assert reference.decode(row) + reference.decode(target[-1:]) in text
        np.testing.assert_array_equal(row[1:], target[:-1])
    np.testing.assert_array_equal(reference.batch(KEY, 7, 32)[0], inputs)
    assert not bool(jnp.array_equal(batch(8)[0], inputs))


def test_windows_begin_everywhere():
    data = mf.training.Text.from_string("abcdefghij" * 2, length=3, test=0.5)
    assert data.samples() == 7
    starts = jax.vmap(lambda step: data.batch(KEY, step, 7)[0][:, 0])(jnp.arange(300)).ravel()
    counts = np.bincount(np.asarray(starts) - VOCABULARY.index("a"), minlength=7)
    assert counts.size == 7 and np.abs(counts - 300).max() < 4 * np.sqrt(300)


def test_test_windows_follow_each_other(reference):
    blocks = reference.blocks("test", 10)
    kept = np.asarray(blocks.weights).ravel() == 1
    inputs = np.asarray(blocks.inputs).reshape(-1, 16)[kept]
    targets = np.asarray(blocks.targets).reshape(-1, 16)[kept]
    count = len(inputs) * 16
    assert len(inputs) == reference.samples("test") and 0 <= reference.test_tokens.size - 1 - count < 16
    np.testing.assert_array_equal(inputs.ravel(), reference.test_tokens[:count])
    np.testing.assert_array_equal(targets.ravel(), reference.test_tokens[1 : count + 1])


@pytest.mark.parametrize(
    "given, expected",
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\tx", "    x"),
        ("“it’s” – …", '"it\'s" - ...'),
        ("Ångström, e\u0301", "Angstrom, e"),
        ("≠ 漢 \x07", "? ? ?"),
        ("ﬁ ½", "fi ?"),
    ],
)
def test_other_characters_are_replaced(given, expected):
    assert mf.training.printable(given) == expected


def test_numbers_are_tuned_without_the_end_of_the_text():
    text = mf.training.Text.from_string("to be or not to be, " * 50, 8)
    held = text.validation(0.25)
    both = np.concatenate([held.tokens, held.test_tokens])
    np.testing.assert_array_equal(both, text.tokens)
    assert len(held.test_tokens) == round(0.25 * len(text.tokens)) and held.length == text.length


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: mf.training.Text.from_string("abc" * 30, 8).validation(0.05), "to test on, got 4 of 81"),
        (lambda: mf.training.characters("poems"), "source must be one of 'reference', 'library', got 'poems'"),
        (lambda: mf.training.characters(length=0), "length must be at least 1"),
        (lambda: mf.training.characters(test=0), "test must be a share"),
        (lambda: mf.training.Text.from_string("naïve " * 50, 4), r"printable ASCII .*got \['ï'\]"),
        (
            lambda: mf.training.Text.from_string("abc" * 10, 4),
            "more than length = 4 characters to test on, got 3 of 30",
        ),
        (lambda: mf.training.Text.from_string("abc" * 2, 4), "more than length = 4 characters to test on, got 1 of 6"),
        (lambda: mf.training.Text.from_string("abc" * 2, 4, test=0.9), "to train on, got 1 of 6"),
        (lambda: mf.training.decoded(np.array([96])), "tokens must be from 0 to 95"),
    ],
)
def test_bad_texts_are_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()
