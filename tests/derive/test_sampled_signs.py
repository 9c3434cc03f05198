"""The velocities of sign flow: none is left out by chance."""

import pytest

import mirrorflow as mf


def local_count(rows, columns, rank):
    """Of theory page 07, where no entry vanishes."""
    if rows == columns == 1:
        return 2 * rank - 1
    return 0 if min(rows, columns) > 1 else max(rows, columns) * (rank - 1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(2, 2, 4), (1, 2, 4), (1, 2, 5), (3, 1, 3), (1, 1, 3)])
def test_sign_flow_has_as_many_laws_as_counted_at_every_point(size, seed):
    model = mf.derive.models.matrix_factorization(*size)
    laws = mf.derive.conservation_laws(model, geometry=1.0, degree=2, seed=seed)
    assert laws.complete
    assert len(laws) == local_count(*size)
    assert set(laws.counts) == {local_count(*size)}
