"""Texts, one token a character."""

import string
import unicodedata
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .. import _checks
from .._types import Anything
from ._data import AbstractData, check_batch, check_part
from ._data_images import check_test

# A line's end and what ASCII can print: 96 characters, for every text the same.
VOCABULARY = "\n " + "".join(sorted(set(string.printable) - set(string.whitespace)))
_BYTES = np.frombuffer(VOCABULARY.encode("ascii"), np.uint8)
_CODES = np.zeros(128, np.int32)
_CODES[_BYTES] = range(len(VOCABULARY))
_PLAIN = {
    **dict.fromkeys("‘’‚′", "'"),
    **dict.fromkeys("“”„″«»", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    **{"…": "...", "•": "*", "×": "x", "ß": "ss", "°": "deg"},
}


class Text(AbstractData):
    """A text to predict character by character: `tokens` (n,), and `test_tokens`, its end.

    A batch is windows of `length` characters from random places, the targets the same one character on. The test part
    is cut into windows that follow each other; what is left at its end is shorter than a window and is not used.
    """

    tokens: Anything
    test_tokens: Anything
    length: int = eqx.field(static=True)

    @classmethod
    def from_string(cls, text: str, length: int = 64, *, test: Any = 0.1) -> "Text":
        """The text of a string: the share `test` of its characters, its end, is held out.

        **Raises:** `ValueError` for characters outside of the vocabulary, which `printable` replaces, and for a text
        in which there is no window to train or to test on.

        >>> data = mf.training.Text.from_string("to be or not to be, " * 20, length=8)
        >>> inputs, targets = data.batch(jax.random.key(0), 0, 2)
        >>> inputs.shape, data.decode(inputs[0, 1:]) == data.decode(targets[0, :-1])
        ((2, 8), True)
        """
        _checks.instance("text", text, str, "a string")
        length, tokens = _checks.integer("length", length, at_least=1), encoded(text)
        return cls(*_split(tokens, check_test(test), length), length)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(length,)"""
        return (self.length,)

    @property
    def classes(self) -> int:
        """96, the size of the vocabulary."""
        return len(VOCABULARY)

    def samples(self, part: str = "train") -> int:
        """How many windows there are: at all places to train on, one after the other to test on."""
        if check_part(part) == "train":
            return self.tokens.shape[0] - self.length
        return (self.test_tokens.shape[0] - 1) // self.length

    def batch(self, key: jax.Array, step: Any, size: int) -> tuple[Anything, Anything]:
        """Inputs and targets (size, length), windows drawn by `fold_in(key, step)`."""
        size = check_batch(size, self.samples())
        starts = jax.random.randint(jax.random.fold_in(key, step), (size, 1), 0, self.samples(), jnp.int32)
        windows = self.tokens[starts + jnp.arange(self.length + 1, dtype=jnp.int32).reshape(1, -1)]
        return windows[:, :-1], windows[:, 1:]

    def validation(self, share: Any = 0.2) -> "Text":
        """The same text without its test part, the end of what is to train on held out in its place: to tune on.

        **Raises:** `ValueError` for a share outside (0, 1), or one that leaves no window to train or to test on.
        """
        return Text(*_split(self.tokens, check_test(share), self.length), self.length)

    def decode(self, tokens: Anything) -> str:
        """The characters of tokens of shape (n,)."""
        return decoded(tokens)

    def _part(self, part: str) -> tuple[Anything, Anything]:
        # As many windows to measure the training part on as it has one after the other.
        tokens = self.tokens if part == "train" else self.test_tokens
        count = (tokens.shape[0] - 1) // self.length
        inputs, targets = (tokens[i : i + count * self.length] for i in (0, 1))
        return inputs.reshape(count, self.length), targets.reshape(count, self.length)


def _split(tokens: Anything, share: float, length: int) -> tuple[Anything, Anything]:
    """The tokens to train and to test on, these at the end; `ValueError` where one of them has no window."""
    count = tokens.shape[0]
    cut = count - round(share * count)
    for name, part in (("train", tokens[:cut]), ("test", tokens[cut:])):
        if part.shape[0] <= length:
            raise ValueError(
                f"text must have more than length = {length} characters to {name} on, got {part.shape[0]} of {count}."
            )
    return jnp.asarray(tokens[:cut]), jnp.asarray(tokens[cut:])


def printable(text: str) -> str:
    """The text in characters of the vocabulary: accents and typographic signs replaced, "?" for what has no other.

    >>> mf.training.printable("naïve – “x” ≠ y")
    'naive - "x" ? y'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return text.translate({ord(character): _replaced(character) for character in set(text) - set(VOCABULARY)})


def encoded(text: str) -> np.ndarray:
    """The tokens of a text, shape (n,).

    **Raises:** `ValueError` for a character outside of the vocabulary.
    """
    unknown = sorted(set(text) - set(VOCABULARY))
    if unknown:
        raise ValueError(
            f"text must consist of the {len(VOCABULARY)} printable ASCII characters and line ends, got {unknown[:5]}; "
            "mf.training.printable replaces others."
        )
    return _CODES[np.frombuffer(text.encode("ascii"), np.uint8)]


def decoded(tokens: Anything) -> str:
    """The text of tokens of shape (n,).

    **Raises:** `ValueError` for tokens outside of the vocabulary.
    """
    held = np.asarray(_checks.indices("tokens", tokens, len(VOCABULARY)))
    return _BYTES[held].tobytes().decode("ascii")


def _replaced(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if unicodedata.combining(character):
        return ""
    # Letters only: without its stroke ≠ would be =.
    parts = unicodedata.normalize("NFKD", character) if character.isalpha() else ""
    return "".join(part for part in parts if part in VOCABULARY) or "?"
