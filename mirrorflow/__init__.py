"""mirrorflow: does the trajectory do what the theorem says?

Public names load when they are first used, so that `import mirrorflow` and `mirrorflow --help` cost next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = (
    "cases",
    "claims",
    "clocks",
    "decay",
    "derive",
    "ensembles",
    "flows",
    "geometries",
    "networks",
    "noise",
    "observe",
    "optimizers",
    "plotting",
    "potentials",
    "predict",
    "problems",
    "reparameterizations",
    "report",
    "schedules",
    "solvers",
    "sparsity",
    "training",
    "until",
)
_NAMES = {
    "accuracy": "_accuracy",
    "enable_compile_cache": "_config",
    "enable_float64": "_config",
    "Flow": "flows",
    "NotAMirrorFlow": "flows",
    "Status": "flows",
    "Trajectory": "flows",
    "discretize": "flows",
    "integrate": "flows",
    "simulate": "flows",
    "simulate_paths": "flows",
    "Claim": "claims",
    "Comparison": "claims",
    "Conjecture": "claims",
    "Experiment": "claims",
    "Verdict": "claims",
    "claim": "claims",
    "experiment": "claims",
    "tolerance": "claims",
}
_ALIASES = {"cases": "claims.cases", "clocks": "flows.clocks", "until": "flows.until"}

__all__ = ["__version__", *sorted({*_ROOMS, *_NAMES})]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(importlib.import_module(f"mirrorflow.{_NAMES[name]}"), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"mirrorflow.{_ALIASES.get(name, name)}")
    else:
        raise AttributeError(f"module 'mirrorflow' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


if TYPE_CHECKING:
    from . import decay as decay
    from . import derive as derive
    from . import ensembles as ensembles
    from . import flows as flows
    from . import geometries as geometries
    from . import networks as networks
    from . import noise as noise
    from . import observe as observe
    from . import optimizers as optimizers
    from . import plotting as plotting
    from . import potentials as potentials
    from . import predict as predict
    from . import problems as problems
    from . import reparameterizations as reparameterizations
    from . import report as report
    from . import schedules as schedules
    from . import solvers as solvers
    from . import sparsity as sparsity
    from . import training as training
    from ._accuracy import accuracy as accuracy
    from ._config import enable_compile_cache as enable_compile_cache
    from ._config import enable_float64 as enable_float64
    from .claims import Claim as Claim
    from .claims import Comparison as Comparison
    from .claims import Conjecture as Conjecture
    from .claims import Experiment as Experiment
    from .claims import Verdict as Verdict
    from .claims import cases as cases
    from .claims import claim as claim
    from .claims import experiment as experiment
    from .claims import tolerance as tolerance
    from .flows import Flow as Flow
    from .flows import NotAMirrorFlow as NotAMirrorFlow
    from .flows import Status as Status
    from .flows import Trajectory as Trajectory
    from .flows import clocks as clocks
    from .flows import discretize as discretize
    from .flows import integrate as integrate
    from .flows import simulate as simulate
    from .flows import simulate_paths as simulate_paths
    from .flows import until as until
