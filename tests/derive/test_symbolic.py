"""A reparameterization in symbols is the same map, and takes the same θ."""

import numpy as np
import pytest
import sympy as sp

import mirrorflow as mf
from mirrorflow.derive._symbolic import symbolic

RANDOM = np.random.default_rng(3)
MAPS = mf.reparameterizations
FORMS = RANDOM.standard_normal((3, 4, 4))


def normal(*shape):
    return RANDOM.standard_normal(shape)


def positive(*shape):
    return 0.4 + RANDOM.random(shape)


CASES = {
    "w₁w₂": (MAPS.Hadamard(2), normal(2, 5)),
    "w₁w₂w₃w₄": (MAPS.Hadamard(4), normal(4, 2, 3)),
    "k⊙q": (MAPS.DiagonalAttention(), normal(2, 3)),
    "u²−v²": (MAPS.PowerDifference(2), positive(2, 4)),
    "u⁵−v⁵": (MAPS.PowerDifference(5), positive(2, 4)),
    "log u−log v": (MAPS.LogDifference(), positive(2, 4)),
    "UVᵀ": (MAPS.MatrixProduct(3, 2, 2), {"left": normal(3, 2), "right": normal(2, 2)}),
    "W₀+UVᵀ": (MAPS.MatrixProduct(2, 3, 1, frozen=normal(2, 3)), {"left": normal(2, 1), "right": normal(3, 1)}),
    "KᵀQ": (MAPS.Attention(3, 2), {"key": normal(2, 3), "query": normal(2, 3)}),
    "½θᵀAθ": (MAPS.QuadraticForm(FORMS + FORMS.swapaxes(1, 2)), normal(4)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_features_are_the_entries_of_x(name):
    reparameterization, theta = CASES[name]
    model = symbolic(reparameterization)
    made = sp.lambdify(model.variables, model.features, "numpy")(*model.values(theta))
    x = np.asarray(reparameterization(theta))
    assert np.allclose(np.stack(np.broadcast_arrays(*made)).reshape(x.shape), x, rtol=1e-13, atol=1e-13)


def along(model, form):
    """⟨∇(law), ∇x_i⟩ for each entry of a form and each x_i."""
    for entry in form.entries:
        for feature in model.features:
            yield sp.simplify(sum(entry.diff(v) * feature.diff(v) for v in model.variables))


@pytest.mark.parametrize("name", [name for name in CASES if name != "½θᵀAθ"])
def test_every_form_is_conserved_by_gradient_flow(name):
    model = symbolic(CASES[name][0])
    assert model.forms
    assert all(each == 0 for form in model.forms for each in along(model, form))


def test_numbers_become_the_rationals_that_the_floats_are():
    model = symbolic(MAPS.QuadraticForm([[[0.1, 0.0], [0.0, 1.0]]]))
    theta1, _ = model.variables
    assert sp.Poly(model.features[0], *model.variables).coeff_monomial(theta1**2) == sp.Rational(0.1) / 2


def test_a_function_of_numbers_has_no_symbols():
    with pytest.raises(ValueError, match=r"reparameterizations\.bracket"):
        symbolic(MAPS.Custom(lambda theta: theta**2))
