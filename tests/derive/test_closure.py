"""The number of laws: D minus the dimension of the Lie algebra of the velocities.

Against a slow reference, brackets by sympy and ranks of matrices of fractions at one point; against the formulas of
theory page 07; and against the rank of the laws' own gradients, which no count may fall below.
"""

import random

import hypothesis
import numpy as np
import pytest
import sympy

import mirrorflow as mf
from mirrorflow.derive._fields import Fields
from mirrorflow.derive._gradient_system import gradient_system
from mirrorflow.derive.models import (
    attention,
    convolutional_network,
    input_convex_network,
    linear_network,
    matrix_factorization,
    nonnegative_factorization,
    normalized_layer,
    relu_network,
    softmax_layer,
)

from ._random_models import SYMBOLS, TIME, models, polynomials


def point_of(variables, seed):
    generator = random.Random(seed)
    return {x: sympy.Rational(generator.randrange(1, 60), generator.randrange(1, 60)) for x in variables}


def rank_at(fields, variables, seed):
    """The rank of vectors of functions at a random rational point."""
    at = point_of(variables, seed)
    return sympy.Matrix([[sympy.sympify(entry).subs(at) for entry in field] for field in fields]).rank()


def bracket(left, right, variables):
    def along(direction, entry):
        return sum(step * sympy.diff(entry, x) for step, x in zip(direction, variables, strict=True))

    return [sympy.expand(along(left, b) - along(right, a)) for a, b in zip(left, right, strict=True)]


def reference_rank(fields, variables, seed=7):
    """dim Lie at a random point: brackets of the fields with all that is found, until nothing is new."""
    chosen = []
    for field in fields:
        if rank_at([*chosen, field], variables, seed) > len(chosen):
            chosen.append(field)
    generators, k = list(chosen), 0
    while k < len(chosen):
        for generator in generators:
            made = bracket(generator, chosen[k], variables)
            if rank_at([*chosen, made], variables, seed) > len(chosen):
                chosen.append(made)
        k += 1
    return len(chosen)


def gradients(features, variables):
    return [[sympy.diff(phi, x) for x in variables] for phi in features]


@hypothesis.given(models(polynomials, most=4, of=3))
@hypothesis.settings(max_examples=20)
def test_count_of_gradient_flow_is_the_reference(model):
    features, variables = model
    found = mf.derive.conservation_laws(features, variables, degree=2)
    assert found.count == len(variables) - reference_rank(gradients(features, variables), variables)


@hypothesis.given(models(polynomials, most=3, of=2))
@hypothesis.settings(max_examples=10)
def test_count_under_decay_is_the_reference_with_time(model):
    features, variables = model
    found = mf.derive.conservation_laws(features, variables, degree=2, decay="decoupled")
    fields = [[*(-x for x in variables), 1], *([*row, 0] for row in gradients(features, variables))]
    state = [*variables, sympy.Symbol("s")]
    assert found.count == len(state) - reference_rank(fields, state)


@hypothesis.given(models(polynomials, most=3, of=2))
@hypothesis.settings(max_examples=8)
def test_count_of_mirror_flow_is_the_reference(model):
    """Negative entropy and log barrier: 1/R'' is θ and θ²."""
    features, variables = model
    potentials = [mf.potentials.NegativeEntropy(), mf.potentials.LogBarrier(), mf.potentials.Quadratic()]
    weights = [x**power for x, power in zip(variables, (1, 2, 0), strict=False)]
    metric = {x.name: potential for x, potential in zip(variables, potentials, strict=False)}
    found = mf.derive.conservation_laws(features, variables, degree=2, metric=metric)
    fields = [[w * s for w, s in zip(weights, row, strict=True)] for row in gradients(features, variables)]
    assert found.count == len(variables) - reference_rank(fields, variables)


def momentum_fields(features, variables, damping):
    speeds = [sympy.Symbol(f"s{i}") for i in range(len(variables))]
    drift = [*speeds, *(-damping * speed for speed in speeds), 1]
    still = [0] * len(variables)
    return [drift, *([*still, *row, 0] for row in gradients(features, variables))], [*variables, *speeds, TIME]


@pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 1, 2), (2, 1, 1), (2, 1, 2)])
def test_count_with_momentum_is_the_reference(sizes):
    model = matrix_factorization(*sizes)
    fields, state = momentum_fields(model.features, model.variables, sympy.Rational(3, 2))
    found = mf.derive.conservation_laws(model, momentum=1.5)
    assert found.count == len(state) - reference_rank(fields, state)


def two_layer_laws(n, m, r):
    k = min(n + m, r)
    return k * (2 * r - k + 1) // 2


def sizes_up_to(parameters):
    return [
        (n, total - n, r)
        for total in range(2, parameters + 1)
        for r in range(1, parameters // total + 1)
        for n in range(1, total // 2 + 1)
    ]


@pytest.mark.parametrize("r", range(1, 9))
def test_two_layers_have_the_laws_of_the_formula_and_all_are_found(r):
    for n, m, rank in sizes_up_to(16):
        if rank == r:
            found = mf.derive.conservation_laws(matrix_factorization(n, m, r))
            assert (len(found), found.count, found.complete) == (two_layer_laws(n, m, r),) * 2 + (True,), (n, m, r)


@pytest.mark.slow
def test_two_layers_of_up_to_40_parameters_have_the_laws_of_the_formula():
    for n, m, r in sizes_up_to(40):
        found = mf.derive.conservation_laws(matrix_factorization(n, m, r))
        assert (len(found), found.count, found.complete) == (two_layer_laws(n, m, r),) * 2 + (True,), (n, m, r)


@pytest.mark.parametrize("n, m, r", [(2, 1, 1), (2, 1, 2), (1, 2, 3), (2, 2, 1), (2, 2, 2), (3, 1, 2), (2, 2, 3)])
def test_two_layers_with_momentum_keep_angular_momenta(n, m, r):
    k = min(r, 2 * (n + m))
    for damping in ("heavy-ball", "nesterov"):
        found = mf.derive.conservation_laws(matrix_factorization(n, m, r), momentum=damping)
        assert (len(found), found.count, found.complete) == (k * (2 * r - k - 1) // 2,) * 2 + (True,)


def table(name, model, laws, **flow):
    return pytest.param(model, laws, flow, id=name)


@pytest.mark.parametrize(
    "model, laws, flow",
    [
        table("relu 2-3-1", relu_network(2, 3, 1), 3),
        table("relu with biases 2-3-2", relu_network(2, 3, 2, biases=True), 3),
        table("relu 2-2-2-1", relu_network(2, 2, 2, 1), 4),
        table("relu 2-2-1 with momentum", relu_network(2, 2, 1), 0, momentum="heavy-ball"),
        table("nonnegative 3, 3, 2", nonnegative_factorization(3, 3, 2), 2),
        table("nonnegative 3, 4, 1", nonnegative_factorization(3, 4, 1), 1),
        table("input-convex", input_convex_network(3, 2), 2),
        table("softmax", softmax_layer(3, 2), 2),
        table("softmax, transposed", softmax_layer(2, 3, transposed=True), 3),
        table("scores 2", attention(2, values=False), 3),
        table("one head of width 2", attention(2), 6),
        table("two heads of width 1", attention(2, head_width=1, heads=2), 4),
        table("deep linear 2-2-2-2", linear_network(2, 2, 2, 2), 6),
        table("deep linear 1-1-1", linear_network(1, 1, 1), 1),
        table("convolution", convolutional_network(5, (1, 2), 3), 2),
        table("normalized rows", normalized_layer(2, 3), 2),
        table("normalized as a whole", normalized_layer(2, 2, scale="layer"), 1),
    ],
)
def test_counts_are_those_of_the_table(model, laws, flow):
    found = mf.derive.conservation_laws(model, **flow)
    assert (len(found), found.count, found.complete) == (laws, laws, True)


@pytest.mark.parametrize("r", [1, 2, 3])
def test_local_counts_of_sign_flow_are_those_of_the_table(r):
    expected = {
        (1, 1): 2 * r - 1,
        (2, 1): 2 * r - 2,
        (1, 2): 2 * r - 2,
        (3, 1): 3 * r - 3,
        (1, 3): 3 * r - 3,
        (2, 2): 0,
    }
    for (n, m), laws in expected.items():
        found = mf.derive.conservation_laws(matrix_factorization(n, m, r), geometry=1.0)
        assert (len(found), found.count, found.complete) == (laws, laws, True)
        assert set(found.counts) == {laws}  # in every cell


@hypothesis.given(models(polynomials, most=5, of=3))
@hypothesis.settings(max_examples=12)
def test_laws_are_independent_and_no_more_than_counted_whatever_the_seed(model):
    features, variables = model
    numbers = set()
    for seed in range(3):
        found = mf.derive.conservation_laws(features, variables, degree=2, limit=2e4, seed=seed)
        rows = [[sympy.diff(law.expression, x) for x in variables] for law in found]
        logarithms = any(entry.has(sympy.log) for row in rows for entry in row)
        if rows and not logarithms:
            assert rank_at(rows, variables, seed) == len(found)
        assert len(found) <= found.count
        assert found.complete == (len(found) == found.count)
        numbers.add((found.count, len(found)))
    assert len(numbers) == 1


def test_a_basis_that_is_too_small_says_how_many_laws_are_missing():
    u, v, w = SYMBOLS[:3]
    found = mf.derive.conservation_laws([u * v * w], [u, v, w], degree=1)
    assert (len(found), found.count, found.complete, found.missing) == (0, 2, False, 2)
    assert "2 missing" in str(found)
    assert mf.derive.conservation_laws([u * v * w], [u, v, w], degree=2).complete


def test_coefficients_of_laws_may_be_constants():
    u, v, c = SYMBOLS[:3]
    (law,) = mf.derive.conservation_laws([u + c * v], [u, v])
    assert sympy.expand(law.expression - (c * u - v)) == 0


def test_laws_of_what_data_does_not_see_contain_the_damping_or_time():
    u, v = SYMBOLS[:2]
    for momentum in ("heavy-ball", "nesterov", 3, 2 / TIME):
        found = mf.derive.conservation_laws([u + v], [u, v], momentum=momentum)
        assert (len(found), found.complete) == (2, True)


def test_a_parameter_that_no_data_sees_is_a_law():
    u, v, w = SYMBOLS[:3]
    found = mf.derive.conservation_laws([u * v], [u, v, w])
    assert w in [law.expression for law in found]
    assert found.complete


def test_one_variable_has_no_law_and_the_list_is_complete():
    (u,) = SYMBOLS[:1]
    found = mf.derive.conservation_laws([u**2], [u])
    assert (len(found), found.count, found.complete) == (0, 0, True)
    assert found.residual(np.array([1.0])).shape == (0,)


def test_features_that_cancel_or_repeat_change_no_count():
    u, v, w = SYMBOLS[:3]
    assert mf.derive.conservation_laws([u * v, 2 * u * v, u * v], [u, v]).count == 1
    assert mf.derive.conservation_laws([(u + v) ** 2 - u**2 - 2 * u * v - v**2 + w], [u, v, w]).count == 2
    assert mf.derive.conservation_laws([sympy.exp(u) * sympy.exp(v)], [u, v]).count == 1
    assert mf.derive.conservation_laws([sympy.sin(u) ** 2 + sympy.cos(u) ** 2 + v], [u, v]).count == 1


def test_coefficients_of_the_size_of_the_prime_do_not_change_the_count():
    u, v, w = SYMBOLS[:3]
    prime = 2**31 - 1
    for feature in (prime * u * v, u * v / prime, (prime + 1) * u * v):
        found = mf.derive.conservation_laws([feature], [u, v])
        assert (len(found), found.count, found.complete) == (1, 1, True)
    with pytest.raises(ValueError, match="multiples of 2147483647"):
        mf.derive.conservation_laws([prime * u * v + w], [u, v, w])


def test_many_variables():
    many = sympy.symbols("x:70", real=True)
    found = mf.derive.conservation_laws([sympy.Mul(*many)], many)
    assert (len(found), found.complete) == (69, True)


def test_flows_without_known_brackets_conclude_nothing_but_from_the_rank():
    u, v = SYMBOLS[:2]
    potential = mf.potentials.HyperbolicAware(1.0)
    found = mf.derive.conservation_laws([u * v], [u, v], metric=potential, decay="decoupled")
    assert found.complete is None
    assert found.count == 1
    assert mf.derive.conservation_laws([u * v, u], [u, v], metric=potential, decay="decoupled").complete


def test_logarithms_in_forces_are_no_constants_in_brackets():
    u, v = sympy.symbols("u v", positive=True)
    model = mf.derive._expressions.from_expressions([sympy.log(u) * v], [u, v])
    system = gradient_system(model, mf.potentials.NegativeEntropy())
    assert len(system.closed) == 3
    assert Fields(system, 0).size == 3
