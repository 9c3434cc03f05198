"""Steps that land where the equation is not defined are tried again, shorter, until the end is reached."""

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorflow as mf


@pytest.mark.parametrize("first", [1.0, 0.3])
def test_a_domain_is_followed_up_to_its_boundary(first):
    # x=log u−log v under f=x: u²=u₀²−2t, until u is 0.
    problem = mf.problems.Objective(jnp.sum, dimension=1)
    flow = mf.Flow(
        problem, reparameterization=mf.reparameterizations.Custom(lambda p: jnp.log(p[0] / p[1])), decay=None
    )
    path = mf.integrate(flow, jnp.array([[first], [0.8]]), until=mf.until.time(10.0), save=50)
    assert not path.status.ok
    np.testing.assert_allclose(path.time[-1], first**2 / 2, rtol=1e-6)
    np.testing.assert_allclose(path.parameters[:, 0, 0] ** 2, first**2 - 2 * path.time, atol=1e-6)
    assert path.stats["steps"] < 500
