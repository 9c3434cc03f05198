"""Page 05, one neuron trained step by step: what steps, decay, noise and resets do to the balance and to flips."""

import jax
import numpy as np
import optax

import mirrorflow as mf

from ._neuron_descent import descend
from ._neurons import turned
from .sign_flips import PUBLISHED, VARIABLES

DIMENSION, STRENGTH, EVERY, PIECES, BALANCE = 3, 0.05, 2.0, 4, 0.7
STEP, STEPS = 0.1, 60
FLOW_PUBLISHED = "arXiv:2504.12801 (ablation); theory page 05"
LETTERS = VARIABLES | {r"\eta": "step size", r"\alpha": "strength of the penalty α(m²+w²)", "g": "∇L at the step"}


def neuron(key):
    """m⊙w under the penalty α(m²+w²) in d=3, from a random start with m²−w²=0.7."""
    flow = mf.Flow(
        mf.problems.TeacherNeuron(DIMENSION),
        reparameterization=mf.reparameterizations.Hadamard(depth=2),
        decay=mf.decay.Coupled(STRENGTH),
    )
    x = 0.6 * np.asarray(jax.random.normal(key, (1 + DIMENSION,)))
    return flow, flow.lift(x, BALANCE)


@mf.experiment(cases=mf.cases.single())
def steps(case, key):
    """Sixty steps of gradient descent with η=0.1 on the factors."""
    flow, start = neuron(key)
    twin = mf.discretize(flow, optax.sgd(STEP), steps=STEPS, step_size=STEP)
    path = twin.run(start, save=STEPS + 1)
    return {"path": path, "slope": jax.vmap(flow.problem.gradient)(path.x)}


def balance_of(path):
    """m²−w² at every point."""
    theta = np.asarray(path.parameters)
    return theta[:, 0] ** 2 - theta[:, 1] ** 2


@mf.claim(
    "sign-flips/balance-of-steps",
    on=steps,
    statement=r"\beta_{k+1} = \beta_k\big((1-2\eta\alpha)^2-\eta^2g_k^2\big)",
    source="theory page 05 (balance at finite steps)",
    status="derived here",
    tolerance=mf.tolerance(1e-12, because="an identity, up to the rounding of sixty steps"),
    variables=LETTERS,
)
def balance_of_steps(case, result, steps=1.0, decay=1.0):
    """Each weight's m²−w² after each of sixty steps of gradient descent on m⊙w with the penalty α(m²+w²)."""
    factor = (1 - 2 * STEP * STRENGTH * decay) ** 2 - steps * (STEP * np.asarray(result["slope"])[:-1]) ** 2
    predicted = BALANCE * np.concatenate([np.ones((1, 1 + DIMENSION)), np.cumprod(factor, axis=0)])
    return mf.Comparison(predicted=predicted, measured=balance_of(result["path"]))


balance_of_steps.control("without −η²g²", steps=0.0)
balance_of_steps.control("without the decay", decay=0.0)


@mf.experiment(cases=mf.cases.grid(resets=(False, True)))
def decayed(case, key):
    """The flow of the same neuron to t=8: in four pieces, each begun with the balance set back or left as it is."""
    flow, start = neuron(key)
    until, times = mf.until.time(EVERY), np.linspace(0, EVERY, 11)[1:]

    def piece(begin):
        return mf.integrate(flow, begin, until=until, save=np.append(1e-9, times), rtol=1e-10, atol=1e-13)

    if case.resets:
        return mf.flows.run_with_resets(piece, flow, start, balance=BALANCE, pieces=PIECES)
    return mf.integrate(flow, start, until=mf.until.time(EVERY * PIECES), save=41, rtol=1e-10, atol=1e-13)


@mf.claim(
    "sign-flips/decay-shrinks-balance",
    on=decayed,
    statement=r"\alpha(m^2+w^2):\quad \beta_t=\beta\,e^{-4\alpha t},\text{ begun anew by every reset}",
    source=PUBLISHED + "; page 02 (balance)",
    status="proved",
    tolerance=mf.tolerance(1e-7, because="the tolerance of a step is 1e-10"),
    variables=LETTERS,
)
def decay_shrinks(case, path, rate=4.0):
    """All weights; with resets by the time since the last one."""
    time = np.asarray(path.time)
    if case.resets:
        points = len(time) // PIECES
        time = time - np.repeat(EVERY * np.arange(PIECES), points)
    predicted = BALANCE * np.exp(-rate * STRENGTH * time)[:, None] * np.ones(1 + DIMENSION)
    return mf.Comparison(predicted=predicted, measured=balance_of(path))


decay_shrinks.control("at half the rate", rate=2.0)


@mf.claim(
    "sign-flips/reset-rule",
    on=decayed,
    across=True,
    statement=r"m=\sqrt{\tfrac12\big(\beta+\sqrt{\beta^2+4\theta^2}\big)},\ w=\theta/m:\quad"
    r"m\odot w=\theta,\ m^2-w^2=\beta",
    source=PUBLISHED,
    status="proved",
    tolerance=mf.tolerance(1e-8, because="points beside a reset are 1e-9 of time apart"),
    variables=LETTERS,
)
def reset_rule(runs, factor=4.0):
    """The factors right after each reset against the rule, and θ after against before."""
    path = runs.only(resets=True)
    points = len(path.time) // PIECES
    after = points * np.arange(1, PIECES)
    x, theta = np.asarray(path.x), np.asarray(path.parameters)
    m = np.sqrt((BALANCE + np.sqrt(BALANCE**2 + factor * x[after - 1] ** 2)) / 2)
    return {
        "factors": mf.Comparison(predicted=np.stack([m, x[after - 1] / m], axis=1), measured=theta[after]),
        "θ": mf.Comparison(predicted=x[after - 1], measured=x[after]),
    }


reset_rule.control("√(β²+θ²) in the root", factor=1.0)


# --- a uniform balance under noise -----------------------------------------------------------------------------------

NEVER = 2**30
END = 400.0
STARTS = {"equal": 1.0, "beyond": 1.05}  # |a|/‖w‖, and |a| in units of its value on the separatrix
WAYS = {  # step size, samples in a batch (0: infinitely many)
    "steps 0.05": (0.05, 0),
    "steps 0.5": (0.5, 0),
    "steps 0.05, batches of 8": (0.05, 8),
    "steps 0.2, batches of 8": (0.2, 8),
    "steps 0.5, batches of 8": (0.5, 8),
}
PERIOD = 5.0
COUNT = 256


@mf.experiment(
    cases=mf.cases.grid(start=tuple(STARTS), way=tuple(WAYS), decay=(0.0,), resets=(False,))
    + mf.cases.grid(start=tuple(STARTS), way=("steps 0.2, batches of 8",), decay=(0.0,), resets=(True,))
    + mf.cases.grid(start=tuple(STARTS), way=("steps 0.2, batches of 8",), decay=(0.01,), resets=(False, True)),
    slow=True,
)
def uniform(case, key):
    """d=2, a<0, β=1 for every weight, 256 starts to t=400, resets every 5 units of time.

    "equal": a=−‖w‖, where the flow flips, slowly; "beyond": |a| five per cent above the separatrix, where it does not.
    """
    step, batch = WAYS[case.way]
    starts = turned(key, COUNT, 2, -1.0)
    if case.start == "beyond":
        starts[:, 0] = -STARTS["beyond"] * mf.predict.separatrix(starts[:, 1:], (1.0, 1.0))
    every = round(PERIOD / step) if case.resets else NEVER
    return descend(key, starts, 1.0, step, case.decay, every, round(END / step), batch=batch)


def flipped(result):
    """Which starts have a>0 at the end, by more than rounding."""
    return np.asarray(result["end"])[:, 0] > 1e-4


def compared(less, more, order=1):
    """More starts flip: the difference of the shares, the same starts in both, with its 95 % interval."""
    one, other = flipped(less), flipped(more)
    width = 1.96 * np.sqrt(max(np.sum(one != other), 1)) / COUNT
    note = f"{one.mean():.3f} against {other.mean():.3f} of {COUNT} flip"
    gain = order * (other.mean() - one.mean())
    return mf.Comparison(0.0, gain, relation="at least", scale=1.0, uncertainty=width, note=note)


@mf.claim(
    "sign-flips/balance-under-noise",
    on=uniform,
    statement=r"\beta_K=\beta\,\prod_{k<K}\big((1-2\eta\alpha)^2-\eta^2g_k^2\big) \text{ for stochastic gradients } g_k"
    r"\text{ too: noise shrinks } \beta",
    source="theory page 05 (balance at finite steps)",
    status="derived here",
    tolerance=mf.tolerance(1e-10, because="an identity, up to the rounding of eight thousand steps"),
    figure="sign-flips-under-noise",
    variables=LETTERS,
)
def balance_under_noise(case, result, power=1.0):
    """At the end, 256 starts; the product runs since the last reset."""
    product = np.asarray(result["product"])
    return mf.Comparison(predicted=1 - power * (1 - product), measured=np.asarray(result["balance"]), scale=1.0)


balance_under_noise.control("half of what is lost", power=0.5)


@mf.claim(
    "sign-flips/uniform-under-noise",
    on=uniform,
    across=("way", "decay", "resets"),
    statement=r"a_0=-\|w_0\|,\ \beta_1=\beta_2:\ \text{large noisy steps make more starts flip by the time } T",
    source="theory page 05 (open)",
    status="open",
    tolerance=mf.tolerance(0.0, because="a share is as good as its interval"),
    figure="sign-flips-under-noise",
    variables=LETTERS,
    notes="In d=1 nothing is gained: ∂_aL=wq and ∂_wL=aq with one q for every sample, so that noise keeps |a|=|w|.",
)
def noise_helps(runs, order=1):
    """Steps of 0.5 on batches of 8 against small steps without noise, from either kind of start."""
    runs = runs.where(decay=0.0, resets=False)
    return compared(runs.only(way="steps 0.05"), runs.only(way="steps 0.5, batches of 8"), order)


noise_helps.control("fewer", order=-1)


@mf.claim(
    "sign-flips/resets-under-decay",
    on=uniform,
    across=True,
    statement=r"\alpha>0:\ \text{more starts flip with resets than without}",
    source=FLOW_PUBLISHED,
    status="published",
    expects="measured",
    tolerance=mf.tolerance(0.0, because="a share is as good as its interval"),
    figure="sign-flips-under-noise",
    variables=LETTERS,
    notes="Decay draws x to 0 besides, with or without resets, and so both shares are below those without decay.",
)
def resets_help(runs, order=1):
    """Noisy steps of 0.2 with decay 0.01."""
    noisy = runs.where(start="equal", way="steps 0.2, batches of 8", decay=0.01)
    return compared(noisy.only(resets=False), noisy.only(resets=True), order)


resets_help.control("fewer", order=-1)
