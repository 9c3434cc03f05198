"""The checks of these tests notice a broken engine: its source is changed in one place, and they must fail.

The battery is what the other tests assert, on few small models: every law against the definition of its flow, their
independence, and the count against the slow reference.
"""

import inspect
import sys
import types

import pytest
import sympy

import mirrorflow as mf

from ._random_models import LAMBDA, SYMBOLS, TIME, Checker, Flow
from .test_closure import gradients, momentum_fields, rank_at, reference_rank

A, B, C, D = SYMBOLS[:4]
MODELS = [  # flow, features, variables
    (Flow(), [A * B * C], [A, B, C]),
    (Flow(), [A * C, A * D, B * C, B * D], [A, B, C, D]),
    (Flow(), [A + B * C, B + C * D], [A, B, C, D]),
    (Flow(), [A**2 + 1 / B], [A, B]),
    (Flow(), [A * B + C * D], [A, B, C, D]),
    (Flow(), [A**2 + 2 * B**2 + 3 * C**2, A**2 - B**2 + 2 * C**2], [A, B, C]),  # commuting fields
    (Flow(), [A + 2 * B * A, D], [A, B, C, D]),
    (Flow(decay="coupled"), [A * B, C * D], [A, B, C, D]),
    (Flow(q=sympy.Rational(3, 2), decay="decoupled"), [A * B * C], [A, B, C]),
    (Flow(q=sympy.Integer(1)), [A * B], [A, B]),
    (Flow(damping=sympy.Integer(1)), [A * B + C * D], [A, B, C, D]),
    (Flow(damping=3 / TIME), [A * B + C * D], [A, B, C, D]),
    (Flow(("power 3", "power 3")), [A * B], [A, B]),
    (Flow(("negative entropy", "hyperbolic entropy")), [A * B], [A, B]),
]


LAWS = 21  # of all models together


def laws_of_the_battery():
    """How many laws the models have together, each asserted to be one, and each count."""
    total = 0
    for flow, features, variables in MODELS:
        found = mf.derive.conservation_laws(features, variables, **flow.arguments(variables))
        checker = Checker(features, variables, flow)
        for law in found:
            assert checker.worst(law, 0) < 1e-30
        total += len(found)
        if flow == Flow():
            assert found.count == len(variables) - reference_rank(gradients(features, variables), variables)
        if flow.damping is not None:
            fields, state = momentum_fields(features, variables, 1)
            assert flow.damping != 1 or found.count == len(state) - reference_rank(fields, state)
        rows = [[sympy.diff(law.expression, x) for x in law.variables] for law in found]
        if flow == Flow() and rows:
            assert rank_at(rows, variables, 3) == len(rows)
        assert found.complete is not True or len(found) == found.count
    (law,) = mf.derive.conservation_laws([A * B], [A, B], decay=mf.decay.Coupled(0.5))
    assert law.rate == 2
    matrix = mf.derive.conservation_laws([A * B], [A, B], metric=sympy.diag(1, 4), decay="coupled")
    assert len(matrix) == 0
    return total


def test_the_whole_engine_finds_every_law():
    assert laws_of_the_battery() == LAWS


MUTANTS = {  # words: (module, before, after)
    "fields carried forward": ("_closure", "pow(-order, -1, PRIME)", "pow(order, -1, PRIME)"),
    "an order that is left out": ("_closure", "for j in range(order + 1)", "for j in range(1, order + 1)"),
    "a path that stands still": ("_closure", "velocity[j].integral() + start[place]", "velocity[j] * 0 + start[place]"),
    "no brackets": ("_closure", "while generators", "while not generators"),
    "a dropped equation": (
        "_search",
        "in self.system.ring.normal(polynomial).terms()",
        "in [*self.system.ring.normal(polynomial).terms()][1:]",
    ),
    "one term a force": (
        "_search", "parts[k] + scaled * entry if k in parts else scaled * entry", "scaled * entry",
    ),
    "dependent laws": (
        "_independent", "return self.echelon.add(gradient)", "return self.echelon.add(gradient) or True",
    ),
    "a wrong slope of |θ|^q": ("_steepest_system", "exponent = sympy.expand(1 - ", "exponent = sympy.expand(2 - "),
    "growth in place of damping": (
        "_momentum_system",
        "drift |= {speed: -damped * ring.generators[speed]",
        "drift |= {speed: damped * ring.generators[speed]",
    ),
    "coupled decay without its 2": ("_decays", "DecayRate(2 * _strength(", "DecayRate(_strength("),
    "decay past the matrix": ("_gradient_system", "pulls = list(metric * sympy.Matrix(pulls))", "pulls = list(pulls)"),
    "a quotient as a constant": (
        "_forces", "polynomial is None or ring.functions & set(", "polynomial is None or set() & set(",
    ),
    "a balance function without its mirror map": (
        "_charts", "sympy.simplify(SIZE * dual - value)", "sympy.simplify(2 * SIZE * dual - value)",
    ),
    "Q of another speed": (
        "_charts",
        '1, even), theta / scale))',
        '1, even), 2 * theta / scale))',
    ),
    "a count of fields only": (
        "_counts", "- (self.rank if self.closure is None else self.closure)", "- self.rank",
    ),
}  # fmt: skip


def break_engine(monkeypatch, name, before, after):
    """Put what the module's changed source defines wherever the module's own functions and classes are used."""
    whole = sys.modules[f"mirrorflow.derive.{name}"]
    source = inspect.getsource(whole)
    assert source.count(before) == 1, f"{name} must have {before!r} once, has it {source.count(before)}×"
    broken = types.ModuleType(whole.__name__)
    broken.__dict__.update(__package__=whole.__package__, __file__=whole.__file__)
    sys.modules[whole.__name__] = broken  # for dataclasses, which look their module up
    exec(compile(source.replace(before, after), whole.__file__, "exec"), broken.__dict__)
    sys.modules[whole.__name__] = whole
    for label, value in list(vars(whole).items()):
        if getattr(value, "__module__", None) != whole.__name__:
            continue
        if inspect.isclass(value):  # types stay what they are, methods change
            for method, body in vars(getattr(broken, label)).items():
                if inspect.isfunction(body) or isinstance(body, property):
                    monkeypatch.setattr(value, method, body)
            setattr(broken, label, value)
            continue
        for module in [m for key, m in sys.modules.items() if key.startswith("mirrorflow.derive.")]:
            if vars(module).get(label) is value:
                monkeypatch.setattr(module, label, getattr(broken, label))


@pytest.mark.parametrize("words", MUTANTS)
def test_a_broken_engine_is_noticed(words, monkeypatch):
    break_engine(monkeypatch, *MUTANTS[words])
    with pytest.raises((AssertionError, ValueError)):
        assert laws_of_the_battery() == LAWS


def test_rates_are_read_in_the_symbol_of_the_tests():
    (law,) = mf.derive.conservation_laws([A * B], [A, B], decay="decoupled")
    assert law.rate == 2 * LAMBDA
