"""Page 05, one neuron: the metric of m⊙w, and what its flow and plain gradient flow conserve."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorflow as mf

from ._neurons import exact

mf.claims.paper("2504.12801", "Sign-In to the Lottery: Reparameterizing Sparse Training From Scratch")

DIMENSION, BALANCES = 3, (1.0, 0.5)
PUBLISHED = "arXiv:2504.12801; theory page 05"
VARIABLES = {
    "a, w": "outer and inner weight of the student a·relu⟨w,z⟩; the teacher is relu(z₁), z~N(0,I)",
    "L": "half the mean squared difference",
    r"\beta_1,\beta_2": "balances m²−w² of the factors of a and of the entries of w",
}
SOLVED = mf.tolerance(1e-6, because="the tolerance of a step is 1e-10, and errors grow e-fold per unit of time")
STARTS = {"a > 0": 1.0, "a < 0": -1.0}


@mf.experiment(cases=mf.cases.grid(flow=("plain", "product", "exact", "printed"), start=tuple(STARTS)))
def paths(case, key):
    """To t=10 from a random start in d=3: gradient flow on x, on the factors of x=m⊙w, and two mirror flows."""
    problem = mf.problems.TeacherNeuron(DIMENSION)
    a, w = 0.4 * STARTS[case.start], 0.5 * jax.random.normal(key, (DIMENSION,))
    start = problem.start(a, w.at[0].set(jnp.abs(w[0]) + 0.2))
    balance = np.array([BALANCES[0]] + DIMENSION * [BALANCES[1]])
    potential = {
        "exact": exact(*BALANCES, DIMENSION),
        # −√(θ²+β)∇L: the metric of hyperbolic entropy with ρ=√β
        "printed": mf.potentials.TiltedHyperbolicEntropy(scale=np.sqrt(balance), factor=1.0),
    }.get(case.flow, mf.potentials.Quadratic())
    flow = mf.Flow(problem, potential=potential)
    if case.flow == "product":
        flow = mf.Flow(problem, reparameterization=mf.reparameterizations.Hadamard(depth=2))
        start = flow.lift(start, balance)
    return mf.integrate(flow, start, until=mf.until.time(10.0), save=41, rtol=1e-10, atol=1e-13)


@mf.claim(
    "sign-flips/exact-metric",
    on=paths,
    across=True,
    statement=r"\theta=m\odot w,\ m^2-w^2=\beta:\quad m^2+w^2=\sqrt{4\theta^2+\beta^2},\quad"
    r"\dot\theta=-\sqrt{4\theta^2+\beta^2}\odot\nabla L",
    source=PUBLISHED,
    status="proved",
    tolerance=SOLVED,
    variables=VARIABLES,
)
def metric(runs, law="exact"):
    """The flow of the factors against the mirror flow with this metric, the same start and balances."""
    parts = {}
    for start in {case.start: None for case, _ in runs}:
        product, mirror = (runs.only(flow=flow, start=start) for flow in ("product", law))
        parts[start] = mf.Comparison(predicted=np.asarray(mirror.x), measured=np.asarray(product.x), unit="weight")
    return parts


metric.control("the form −√(θ²+β)∇L", law="printed")
metric.control("plain gradient flow", law="plain")


@mf.claim(
    "sign-flips/printed-metric",
    on=paths,
    across=True,
    statement=r"\dot\theta=-\sqrt{\theta^2+\beta}\odot\nabla L \text{ with } \beta=m^2-w^2",
    source="a secondary source's form; theory page 05",
    status="printed",
    expects="refuted",
    tolerance=SOLVED,
    erratum=r"With the balance $\beta=m^2-w^2$ it is $\dot\theta=-\sqrt{4\theta^2+\beta^2}\odot\nabla L$.",
    variables=VARIABLES,
)
def printed(runs, law="printed"):
    """The same comparison with the printed metric."""
    return metric(runs, law=law)


printed.control("−√(4θ²+β²)∇L", law="exact")


@mf.claim(
    "sign-flips/conserved-plain",
    on=paths,
    across=True,
    statement=r"a^2-\|w\|^2 \text{ is conserved by gradient flow}",
    source=PUBLISHED,
    status="proved",
    tolerance=SOLVED,
    variables=VARIABLES,
)
def conserved_plain(runs, weight=1.0):
    """Its drift relative to a²+‖w‖²."""
    parts = {}
    for case, path in runs.where(flow="plain"):
        drift = mf.observe.conserved(path, lambda x: x[0] ** 2 - weight * jnp.sum(x[1:] ** 2)).max_drift
        parts[case.start] = mf.Comparison(predicted=0.0, measured=float(drift), scale=1.0)
    return parts


conserved_plain.control("a²−½‖w‖²", weight=0.5)


@mf.claim(
    "sign-flips/conserved-product",
    on=paths,
    across=True,
    statement=r"\sqrt{4a^2+\beta_1^2}-\textstyle\sum_j\sqrt{4w_j^2+\beta_2^2}"
    r"\text{ is conserved by gradient flow on } m\odot w",
    source="arXiv:2504.12801 (d=1); theory page 05",
    status="proved",
    tolerance=SOLVED,
    variables=VARIABLES,
)
def conserved_product(runs, joint=False):
    """Read off x of the flow of the factors."""
    beta1, beta2 = BALANCES

    def law(x):
        sizes = jnp.linalg.norm(x[1:])[None] if joint else x[1:]
        return jnp.hypot(2 * x[0], beta1) - jnp.sum(jnp.hypot(2 * sizes, beta2))

    parts = {}
    for case, path in runs.where(flow="product"):
        values = np.asarray(jax.vmap(law)(path.x))
        parts[case.start] = mf.Comparison(predicted=values[0], measured=values, scale=1.0)
    return parts


conserved_product.control("‖w‖ in place of the single w_j", joint=True)


@mf.claim(
    "sign-flips/once",
    on=paths,
    across=True,
    statement=r"\dot a>0 \text{ where } a\le 0: \text{ a changes its sign at most once, from } - \text{ to } +",
    source="theory page 05 (the closed form of L)",
    status="derived here",
    new=False,
    tolerance=mf.tolerance(0, because="counts"),
    variables=VARIABLES,
)
def once(runs, most=1):
    """Sign changes along 41 points, and no a that falls while it is negative."""
    parts = {}
    for case, path in runs.where(flow="product") + runs.where(flow="plain"):
        a = np.asarray(path.x)[:, 0]
        rising = np.diff(a)[a[:-1] < 0]
        count = int(mf.observe.sign_flips(path)[0])
        name = f"{case.flow}, {case.start}"
        parts[name] = mf.Comparison(predicted=int(most) if a[0] < 0 < a[-1] else 0, measured=count)
        if len(rising):
            parts[f"{name}: rises"] = mf.Comparison(predicted=0.0, measured=rising, relation="at least", scale=1.0)
    return parts


once.control("no change at all", most=0)
