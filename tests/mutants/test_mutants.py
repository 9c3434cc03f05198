"""A smoke test of the claims: formulas of the package are replaced by wrong ones, and a claim must notice each.

Run as a script with a claim (and a mutant), this file holds the claim in a process of its own, in which the mutant's
module is compiled from changed source, and prints what came out.
"""

import dataclasses
import importlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

PACKAGE = pathlib.Path(importlib.util.find_spec("mirrorflow").origin).parent


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim in a module of the content, on those of its cases that have these values."""

    module: str
    name: str
    cases: tuple[tuple[str, object], ...] = ()


@dataclasses.dataclass(frozen=True)
class Mutant:
    """In `file` of the package, `before` (which stands there once) becomes `after`; `claim` must notice."""

    words: str
    claim: Claim
    file: str
    before: str
    after: str


def on(module, name, **cases):
    return Claim(module, name, tuple(cases.items()))


BALANCE = on("steepest", "steepest/balance", depth=3, q=1.5)
REGULARIZED = on("regularized", "regularized/balance", schedule="1/k")
POWERS = on("regularized_range", "regularized/powers-closed-form", k=2, strength=0.5)
CROSSING = on("steepest_metric", "steepest/one-small-factor", depth=3, q=1.5)
CLOCK = on("steepest_metric", "steepest/dual-clock", depth=3, q=1.5)

MUTANTS = [
    Mutant("coupled decay without the 2 of 2αθ", REGULARIZED, "decay.py", "2 * alpha * leaf", "alpha * leaf"),
    Mutant(
        "a decay 1/k that falls as 1/k²", REGULARIZED, "schedules.py", "** (-self.exponent)", "** (-self.exponent - 1)"
    ),
    Mutant(
        "decoupled decay at twice its rate",
        on("steepest", "steepest/balance-decoupled", depth=2, q=1.5),
        "flows/_dynamics.py",
        "            rate = jnp.exp(log_rate) * self.decay.strength(time)\n",
        "            rate = 2 * jnp.exp(log_rate) * self.decay.strength(time)\n",
    ),
    Mutant(
        "factors weighted with |a|^q in place of |a|^{q−1}",
        BALANCE,
        "geometries/_steepest.py",
        "signed_power(partial, self.exponent - 1)",
        "signed_power(partial, self.exponent)",
    ),
    Mutant(
        "smoothing applied to the factors' gradients in place of the predictor's",
        on("steepest", "steepest/balance", depth=2, q=1.0),
        "flows/_dynamics.py",
        "            and isinstance(geometry, AbstractSteepest)\n",
        "            and not isinstance(geometry, AbstractSteepest)\n",
    ),
    Mutant(
        "a direction |∇f|^q in place of |∇f|^{q−1}",
        on("steepest_decay", "steepest/stationary-points", depth=2, q=1.5),
        "geometries/_steepest.py",
        "unit, width) ** (q / 2 - 1)",
        "unit, width) ** (q / 2 - 0.5)",
    ),
    Mutant(
        "a partial derivative of the product that misses a factor",
        BALANCE,
        "reparameterizations/_hadamard.py",
        "between = [a * b for",
        "between = [a for",
    ),
    Mutant(
        "a lift without its power 1/q",
        on("steepest_metric", "steepest/coercivity", depth=3, q=1.5),
        "reparameterizations/_hadamard.py",
        "(small**q + balance) ** (1 / q)",
        "(small**q + balance)",
    ),
    Mutant(
        "a lift whose small factor carries no sign",
        CROSSING,
        "reparameterizations/_hadamard.py",
        "    last = x\n",
        "    last = size\n",
    ),
    Mutant(
        "the steepest family's mirror map without the 1/q of its exponent",
        CLOCK,
        "potentials/_steepest_family.py",
        "return (self.depth - 1) * (self.q - 1) / self.q",
        "return (self.depth - 1) * (self.q - 1)",
    ),
    Mutant(
        "a regularized family whose scale shrinks as e^{−2A}",
        on("regularized_theorem", "regularized/mirror-flow"),
        "potentials/_regularized_entropy.py",
        "jnp.log(self.balance / 2) - 4 * jnp.asarray(amount)",
        "jnp.log(self.balance / 2) - 2 * jnp.asarray(amount)",
    ),
    Mutant(
        "decay as the mirror flow of a balanced product without the factor L",
        on("steepest", "steepest/mirror-flow", depth=3, q=1.5, start="balanced"),
        "flows/_equivalence.py",
        "factor = depth * (2.0 if",
        "factor = (2.0 if",
    ),
    Mutant(
        "the metric exponent of a balanced product without its q",
        on("steepest_origin", "steepest/origin-crossed", depth=2, q=1.5),
        "potentials/_balanced_steepest.py",
        "return (self.depth - self.q * (self.depth - 1)) / self.depth",
        "return (self.depth - (self.depth - 1)) / self.depth",
    ),
    Mutant(
        "graded directions whose couplings count once in place of twice",
        on("matrices", "matrices/first-growth", decades=30),
        "flows/_graded_dynamics.py",
        "jnp.triu(form) + jnp.triu(form, 1)",
        "jnp.triu(form)",
    ),
    Mutant(
        "the gradient of the balance function as x in place of ∇²R·x",
        on("regularized_decay", "regularized/decay-is-the-balance-function", potential="hyperbolic entropy"),
        "potentials/_derivatives.py",
        "return jnp.where(singular, 0.0, potential._metric(jnp.where(singular, 1.0, x)) * x)",
        "return x",
    ),
    Mutant(
        "partial derivatives of u^D − v^D with one power too many",
        POWERS,
        "reparameterizations/_power_difference.py",
        "self.power * parameters ** (self.power - 1)",
        "self.power * parameters**self.power",
    ),
    Mutant(
        "an escape that takes the metric exponent for q(L−1)",
        on("steepest_escape", "steepest/escape-time", depth=3, q=1.5),
        "predict/_escape.py",
        "gap = (depth - q * (depth - 1)) / depth",
        "gap = 1 - q * (depth - 1)",
    ),
    Mutant(
        "a Bregman projection that forgets where it starts",
        on("regularized_limits", "regularized/limit", data="synthetic", start="random", spent=0.5),
        "predict/_bregman.py",
        "return point, np.asarray(_from_primal(potential, point)[0])",
        "return point, np.asarray(_from_primal(potential, 0 * point)[0])",
    ),
    Mutant(
        "a limit that ignores the decay",
        on("regularized_limits", "regularized/limit", data="synthetic", start="random", spent=0.25),
        "predict/_limit.py",
        "final = potential.limit()",
        "final = potential.at(jnp.zeros(()))",
    ),
    Mutant(
        "HAM's exponent at half of its α",
        on("sparse_optimizers", "sparse-optimizers/ham-limit", alpha=5.0, beta=0.0),
        "optimizers/operators.py",
        "at(alpha, count, theta) * jnp.sign(theta) * g",
        "at(alpha, count, theta) * jnp.sign(theta) * g / 2",
    ),
    Mutant(
        "a hyperbolic step with θ in place of √(θ²+γ²)",
        on("sparse_optimizers_horst", "sparse-optimizers/horst-is-mirror-descent", decay=0.0),
        "optimizers/operators.py",
        "close = theta * jnp.cosh(near) - root * jnp.sinh(near)",
        "close = theta * jnp.cosh(near) - theta * jnp.sinh(near)",
    ),
    Mutant(
        "SparseOpt's correction without its square root",
        on("sparse_optimizers_correction", "sparse-optimizers/correction-before-adam"),
        "optimizers/_sparse_opt.py",
        "return jnp.sqrt(jnp.where(even & (total > 0), 1, ratio))",
        "return jnp.where(even & (total > 0), 1, ratio)",
    ),
    Mutant(
        "factors that are lifted to twice their balance",
        on("sparse_optimizers_sign_in", "sparse-optimizers/sign-in-balance", strength=0.0),
        "optimizers/_factors.py",
        "m = jnp.sqrt((balance + larger * jnp.sqrt(1 + share**2)) / 2)",
        "m = jnp.sqrt(balance + larger * jnp.sqrt(1 + share**2))",
    ),
    Mutant(
        "Adam's first step taken for all in NanoAdam's bias correction",
        on("sparse_optimizers_nano", "sparse-optimizers/nano-adam-of-density-1"),
        "optimizers/_nano_adam.py",
        "unbiased = first / (1 - keep**since)",
        "unbiased = first / (1 - keep)",
    ),
    Mutant(
        "grown weights that keep moments they had before",
        on("sparse_optimizers_masks", "sparse-optimizers/grown-weights-begin-at-zero"),
        "sparsity/_forget.py",
        "return jnp.where(mask, value, jnp.zeros((), value.dtype))",
        "return value",
    ),
]
CLAIMS = list(dict.fromkeys(mutant.claim for mutant in MUTANTS))


def test_there_are_enough_mutants_of_enough_formulas():
    assert len(MUTANTS) >= 10 and len({mutant.file for mutant in MUTANTS}) >= 10


@pytest.mark.slow  # every case of every claim is verified anyway
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_without_a_mutant_the_claim_comes_out_as_it_should(claim):
    found = in_own_process(claim)
    assert found["outcome"] == found["expects"], found["reason"]


def every_seventh(mutants):
    """One of seven every day, spread over what they break; all of them among the slow tests."""
    return [pytest.param(mutant, marks=[pytest.mark.slow] if k % 7 else []) for k, mutant in enumerate(mutants)]


@pytest.mark.parametrize("mutant", every_seventh(MUTANTS), ids=lambda mutant: mutant.words)
def test_a_claim_notices_the_mutant(mutant):
    found = in_own_process(mutant.claim, mutant)
    assert found["outcome"] != found["expects"]
    # By its numbers, not because something broke.
    assert "failed" not in found["reason"], found["reason"]


def in_own_process(claim: Claim, mutant: Mutant | None = None) -> dict:
    """What comes out in a process of its own, so that nothing compiled before is used."""
    from mirrorflow._environment import shared

    names = [str(CLAIMS.index(claim))] + ([str(MUTANTS.index(mutant))] if mutant else [])
    hurry = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # as in conftest.py: these processes compile more than they compute
    done = subprocess.run(
        [sys.executable, __file__, *names],
        env=os.environ | shared() | hurry,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def main(claim: Claim, mutant: Mutant | None) -> None:
    if mutant:
        change_source(PACKAGE / mutant.file, mutant.before, mutant.after)
    import mirrorflow as mf

    mf.enable_float64()
    mf.enable_compile_cache()
    importlib.import_module(f"mirrorflow.content.checks.{claim.module}")
    held = mf.claims.get(claim.name)
    held.on.cases = held.on.cases.where(lambda case: case.matches(**dict(claim.cases)))
    assert held.on.cases, f"{claim.name} has no case with {dict(claim.cases)}"
    with tempfile.TemporaryDirectory() as out:
        verdict = mf.claims.verify(held, out=out)
    print(json.dumps({"outcome": verdict.outcome, "expects": verdict.expects, "reason": verdict.reason}))


def change_source(path: pathlib.Path, before: str, after: str) -> None:
    """Let the module in this file be compiled from changed source when it is imported."""
    source = path.read_text(encoding="utf-8")
    assert source.count(before) == 1, f"{path} must have {before!r} once for its mutant, has it {source.count(before)}×"
    compiled = importlib.machinery.SourceFileLoader.get_code

    def get_code(self, name):
        if pathlib.Path(self.path) != path:
            return compiled(self, name)
        return compile(source.replace(before, after), self.path, "exec", dont_inherit=True)

    importlib.machinery.SourceFileLoader.get_code = get_code


if __name__ == "__main__":
    chosen = [int(number) for number in sys.argv[1:]]
    main(CLAIMS[chosen[0]], MUTANTS[chosen[1]] if len(chosen) > 1 else None)
