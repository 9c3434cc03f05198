"""Lanczos against NumPy's eigenvalues."""

import jax
import jax.numpy as jnp
import numpy as np

from mirrorflow.content.studies._curvature import lanczos


def matrix(size, seed=0):
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.normal(size=(size, size)))
    values = np.concatenate([[-5.0, -1.0], random.uniform(-0.3, 0.5, size - 4), [3.0, 20.0]])
    return rotation @ np.diag(values) @ rotation.T, values


def test_ends_of_the_spectrum():
    dense, values = matrix(200)
    nodes, weights = lanczos(lambda v: jnp.asarray(dense) @ v, jax.random.normal(jax.random.key(0), (200,)))
    np.testing.assert_allclose([nodes.min(), nodes.max()], [values.min(), values.max()], rtol=1e-8)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)


def test_all_of_it_once_there_are_as_many_iterations_as_dimensions():
    dense, values = matrix(20)
    nodes, _ = lanczos(lambda v: jnp.asarray(dense) @ v, jax.random.normal(jax.random.key(1), (20,)), 20)
    np.testing.assert_allclose(np.sort(nodes), np.sort(values), atol=1e-9)


def test_quadrature_is_exact_for_polynomials():
    dense, _ = matrix(50)
    start = np.asarray(jax.random.normal(jax.random.key(2), (50,)))
    nodes, weights = lanczos(lambda v: jnp.asarray(dense) @ v, jnp.asarray(start), 6)
    unit = start / np.linalg.norm(start)
    for power in range(12):  # a Gauss quadrature of 6 nodes: up to degree 11
        expected = unit @ np.linalg.matrix_power(dense, power) @ unit
        np.testing.assert_allclose(jnp.sum(weights * nodes**power), expected, rtol=1e-9)
