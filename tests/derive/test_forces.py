"""Velocities of features with logarithms and quotients."""

import pytest
import sympy as sp

from mirrorflow import derive
from mirrorflow.potentials import NegativeEntropy

U, W = sp.symbols("u w", positive=True)
C = sp.Symbol("c", real=True)


@pytest.mark.parametrize("feature", [C * W + sp.log(U), U * W + 1 / U, W + sp.log(U), W + 1 / U])
@pytest.mark.parametrize("entropic", [False, True])
def test_laws_of_logarithms_and_quotients_are_orthogonal_to_their_velocities(feature, entropic):
    found = derive.conservation_laws([feature], [W, U], metric=NegativeEntropy() if entropic else None)
    scale = {s: s if entropic else 1 for s in (W, U)}
    assert found.count == 1 and found.complete == (len(found) == 1)
    for law in found:
        assert sp.simplify(sum(scale[s] * law.expression.diff(s) * feature.diff(s) for s in (W, U))) == 0


def test_law_of_a_sum_with_a_logarithm_is_found():
    (law,) = derive.conservation_laws([W + sp.log(U)], [W, U])
    assert sp.simplify(law.expression - (U**2 - 2 * W)) == 0
