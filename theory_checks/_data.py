"""Real data that ships with a package: diabetes with interactions, sub-sampled to be underdetermined."""

import functools

import jax
import numpy as np

import mirrorflow as mf

SEX = 1  # a column with two values, whose square says nothing new


@functools.cache
def quadratic_features() -> tuple[np.ndarray, np.ndarray]:
    """The 10 variables, their 45 products and 9 squares (64 columns), and the response; mean 0, variance 1 each."""
    try:
        from sklearn.datasets import load_diabetes
    except ImportError as error:  # pragma: no cover
        raise ImportError("The diabetes data ship with scikit-learn: pip install 'mirrorflow[data]'.") from error
    inputs, response = load_diabetes(return_X_y=True)
    inputs = _standardized(inputs)
    count = inputs.shape[1]
    pairs = [(i, j) for i in range(count) for j in range(i, count) if (i, j) != (SEX, SEX)]
    products = np.stack([inputs[:, i] * inputs[:, j] for i, j in pairs], axis=1)
    return _standardized(np.concatenate([inputs, products], axis=1)), _standardized(response)


def diabetes(key: jax.Array, samples: int = 20) -> mf.problems.LinearRegression:
    """½‖Ax−b‖² on `samples` patients drawn by `key`, 64 features; rows divided by √samples, so f is half a mean."""
    features, response = quadratic_features()
    rows = np.asarray(jax.random.choice(key, len(response), (samples,), replace=False))
    return mf.problems.LinearRegression(features[rows] / np.sqrt(samples), response[rows] / np.sqrt(samples))


def _standardized(columns: np.ndarray) -> np.ndarray:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)
