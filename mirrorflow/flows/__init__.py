"""Flows: stated, integrated, discretized, and told which mirror flow they are."""

from . import clocks as clocks
from . import until as until
from ._discretize import Discretization as Discretization
from ._discretize import agreement as agreement
from ._discretize import discretize as discretize
from ._discretize import scale_by_geometry as scale_by_geometry
from ._equivalence import NotAMirrorFlow as NotAMirrorFlow
from ._flow import Flow as Flow
from ._integrate import integrate as integrate
from ._resets import reset as reset
from ._resets import run_with_resets as run_with_resets
from ._simulate import Paths as Paths
from ._simulate import simulate as simulate
from ._simulate import simulate_paths as simulate_paths
from ._status import Status as Status
from ._trajectory import Trajectory as Trajectory
