"""What every potential must satisfy, whatever its formula."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

EPS = np.finfo(float).eps
# Formulas of a few operations in logarithms of up to 700: some hundred roundings.
ROUNDING = 1000 * EPS


def close(actual, expected, scale=0.0, tolerance=ROUNDING):
    """|actual−expected| ≤ tolerance·(|expected|+scale), entry by entry."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    allowed = tolerance * (np.abs(expected) + np.asarray(scale))
    good = (actual == expected) | (np.abs(actual - expected) <= allowed)
    assert np.all(good), (actual, expected, allowed)


def test_inverse_mirror_map_undoes_the_mirror_map(case):
    x = case.points(0)
    z, metric = case.potential.mirror_map(x), case.potential.metric(x)
    close(case.potential.inverse_mirror_map(z), x, scale=np.abs(z) / metric)  # a rounding of z moves x by that


def test_mirror_map_undoes_its_inverse(case):
    z = case.potential.mirror_map(case.points(1))
    x = case.potential.inverse_mirror_map(z)
    close(case.potential.mirror_map(x), z, scale=np.abs(x) * case.potential.metric(x))


def test_fenchel_young_holds_with_equality_at_conjugate_points(case):
    x = case.points(2)
    z = case.potential.mirror_map(x)
    value, conjugate, pairing = case.potential.value(x), case.potential.conjugate(z), np.sum(x * z)
    size = np.abs(value) + np.abs(conjugate) + np.sum(np.abs(x * z))
    close(value + conjugate, pairing, scale=size)


def test_fenchel_young_inequality_is_strict_elsewhere(case):
    x, y = case.points(3), case.points(4)
    z = case.potential.mirror_map(y)
    assert case.potential.value(x) + case.potential.conjugate(z) > np.sum(x * z)


def test_mirror_map_is_the_gradient_of_the_value(case):
    x = case.points(5)
    z = case.potential.mirror_map(x)
    close(jax.grad(case.potential.value)(x), z)
    close(jax.jvp(case.potential.value, (x,), (np.ones_like(x),))[1], jnp.sum(z))


def test_metric_is_the_hessian_of_the_value_in_either_mode(case):
    x = case.points(6)
    metric, gradient = np.diag(case.potential.metric(x)), jax.grad(case.potential.value)
    for hessian in jax.jit(lambda point: (jax.jacfwd(gradient)(point), jax.jacrev(gradient)(point)))(x):
        close(hessian, metric)


def test_metric_agrees_with_finite_differences_of_the_mirror_map(case):
    x = case.points(7)
    step = 1e-4 * np.abs(x)
    rise = case.potential.mirror_map(x + step) - case.potential.mirror_map(x - step)
    z = np.abs(case.potential.mirror_map(x))
    # truncation 1e-8 relative; rounding of z divided by the step
    close(rise / (2 * step), case.potential.metric(x), scale=1e-9 * z / np.abs(x) / 1e-6, tolerance=1e-6)


def test_hessian_of_the_conjugate_is_the_inverse_metric(case):
    x = case.points(8)
    z = case.potential.mirror_map(x)
    x, inverse = case.potential.inverse_mirror_map(z), 1 / case.potential.metric(case.potential.inverse_mirror_map(z))
    close(jax.grad(case.potential.conjugate)(z), x)
    close(jax.jit(jax.hessian(case.potential.conjugate))(z), np.diag(inverse))
    close(case.potential.conjugate_metric(z), inverse)


def test_divergence_is_positive_and_vanishes_on_the_diagonal(case):
    x, y = case.points(9), case.points(10)
    assert case.potential.divergence(x, y) > 0
    assert case.potential.divergence(x, x) == 0


def test_divergence_keeps_its_digits_where_points_are_close(case):
    x = case.points(11)
    step = 1e-9 * x
    expected = jnp.sum(case.potential.metric(x) * ((x + step) - x) ** 2) / 2
    close(case.potential.divergence(x + step, x), expected, tolerance=1e-8)  # the third order is 1e-9 relative


def test_three_points_satisfy_the_generalized_pythagorean_identity(case):
    x, y, w = (case.points(seed) for seed in (12, 13, 14))
    mirror_map, divergence = case.potential.mirror_map, case.potential.divergence
    mixed = np.sum((mirror_map(w) - mirror_map(y)) * (y - x))
    parts = divergence(x, y), divergence(y, w), divergence(x, w)
    size = sum(float(part) for part in parts) + np.sum(np.abs(mirror_map(w) - mirror_map(y)) * np.abs(y - x))
    roundings = sum(np.abs(float(case.potential.value(point))) for point in (x, y, w))
    close(parts[0] + parts[1] + mixed, parts[2], scale=size + roundings)


def test_balance_function_is_the_conjugate_at_the_dual_point(case):
    x = case.points(15)
    z = case.potential.mirror_map(x)
    close(case.potential.balance_function(x), np.sum(x * z) - case.potential.value(x), scale=np.sum(np.abs(x * z)))
    close(case.potential.balance_function(x), jnp.sum(case.potential.balance_density(x)))


def test_gradient_of_the_balance_function_is_metric_times_x(case):
    x = case.points(16)
    close(jax.grad(case.potential.balance_function)(x), case.potential.metric(x) * x)
    close(case.potential.metric_times_identity(x), case.potential.metric(x) * x)


def test_chart_and_back_is_the_identity(case):
    x = case.points(17)
    chart = case.potential.to_chart(x)
    close(case.potential.from_chart(chart), x, scale=np.abs(chart / jax.grad(_sum(case.potential.to_chart))(x)))


def test_chart_rate_is_the_derivative_of_the_chart_in_the_dual(case):
    x = case.points(18)
    chart = case.potential.to_chart(x)
    rate = case.potential.chart_rate(chart)
    close(jax.grad(_sum(case.potential.to_chart))(x) / case.potential.metric(x), rate)
    slope = jax.grad(_sum(case.potential.from_chart))(chart)
    close(slope * rate, 1 / case.potential.metric(case.potential.from_chart(chart)))


def test_domain_holds_the_points_and_the_dual_domain_their_duals(case):
    x = case.points(19)
    z = np.asarray(case.potential.mirror_map(x))
    for points, (low, high) in ((x, case.potential.domain), (z, case.potential.dual_domain)):
        assert np.all((low < points) & (points < high))


def test_gradient_blows_up_at_finite_ends_of_the_domain(case):
    for end, inside in zip(case.potential.domain, (1.0, -1.0), strict=True):
        if np.all(np.isfinite(end)):
            sizes = [np.abs(case.potential.mirror_map(end + inside * gap)) for gap in (1e-5, 1e-50, 1e-290)]
            assert sizes[0] < sizes[1] < sizes[2] and sizes[2] > 2 * sizes[0]


def test_x_leaves_every_bound_at_finite_ends_of_the_dual_domain(case):
    start = case.potential.mirror_map(case.points(27))
    for end in case.potential.dual_domain:
        if np.all(np.isfinite(end)):
            x = [
                np.sign(end - start) * case.potential.inverse_mirror_map(end + gap * (start - end))
                for gap in (0.5, 1e-3, -1e-3)
            ]
            assert np.all(x[0] <= x[1]) and np.all(x[2] == np.inf)


def test_horizon_is_the_norm_in_which_level_sets_look_alike_from_afar(case):
    """R(cx)/R(cy) → (‖x‖/‖y‖)^p as c→∞; for p=1 the error is of the order 1/log c."""
    potential, horizon = case.potential, case.potential.horizon
    if horizon is None:
        assert any(np.all(np.isfinite(end)) for end in potential.dual_domain)
        return
    x, y = (np.abs(case.points(seed)) / np.abs(case.points(seed)).max() * case.sides[0] for seed in (20, 21))
    y = y * 0.8
    if np.isinf(horizon.p):  # values grow faster than any power: their logarithms are compared
        ratios = [float(np.log(potential.value(c * x)) / np.log(potential.value(c * y))) for c in (60.0, 600.0)]
        errors = [abs(ratio * float(horizon(y) / horizon(x)) - 1) for ratio in ratios]
        assert errors[1] < errors[0] / 5 and errors[1] < 2e-3, errors
        return
    target = float((horizon(x) / horizon(y)) ** horizon.p)
    base = potential.value(np.full_like(x, 1e-300 * case.sides[0]))
    errors = [
        abs(float((potential.value(c * x) - base) / (potential.value(c * y) - base)) / target - 1)
        for c in (1e10, 1e20, 1e40)
    ]
    assert errors[2] <= errors[1] <= errors[0] or errors[0] < 1e-6, errors
    assert errors[2] < (0.2 if horizon.p < 1.05 else 1e-3), errors


def test_maps_work_under_jit_and_vmap(case):
    potential, points = case.potential, np.stack([case.points(seed) for seed in (22, 23, 24)])

    def maps(x):
        z = potential.mirror_map(x)
        return z, potential.inverse_mirror_map(z), potential.to_chart(x), potential.balance_density(x)

    for together, one_by_one in zip(jax.jit(jax.vmap(maps))(points), zip(*map(maps, points), strict=True), strict=True):
        close(
            together, jnp.stack(one_by_one), tolerance=10 * ROUNDING
        )  # bounded duals magnify roundings on the way back


def test_other_numbers_compile_nothing(case):
    traces = []

    @eqx.filter_jit
    def chart(potential, x):
        traces.append(1)
        return potential.to_chart(x)

    x = case.points(25)
    first = chart(case.potential, x)
    other = chart(jax.tree.map(lambda number: number * (1 + 1e-3 * (np.abs(number) != 1)), case.potential), x)
    assert len(traces) == 1
    assert case.potential.domain and (jax.tree.leaves(case.potential) == [] or np.all(np.isfinite(first + other)))


def test_derivatives_in_the_numbers_of_a_potential(case):
    """Against central differences of relative step 1e-6, all numbers moving at once, but not ends of intervals."""
    leaves, structure = jax.tree.flatten(case.potential)
    leaves = [np.asarray(leaf, float) for leaf in leaves]
    directions = [np.abs(leaf) * (leaf != np.round(leaf)) for leaf in leaves]
    x = case.points(26)
    z, chart = case.potential.mirror_map(x), case.potential.to_chart(x)
    arguments = {
        "mirror_map": x,
        "balance_density": x,
        "to_chart": x,
        "inverse_mirror_map": 0.9 * z,
        "from_chart": chart,
    }

    def along(t):
        moved = [leaf + t * direction for leaf, direction in zip(leaves, directions, strict=True)]
        potential = jax.tree.unflatten(structure, moved)
        return [getattr(potential, name)(argument) for name, argument in arguments.items()]

    values, slopes = jax.jit(lambda: jax.jvp(along, (0.0,), (1.0,)))()
    for value, slope, above, below in zip(values, slopes, along(1e-6), along(-1e-6), strict=True):
        close(slope, (above - below) / 2e-6, scale=np.abs(value), tolerance=1e-5)


def _sum(function):
    return lambda x: jnp.sum(function(x))
