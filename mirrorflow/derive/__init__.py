"""Symbolic derivations: conservation laws, commuting fields, Legendre functions, induced flows."""

from . import models as models
from ._commutes import Commuting as Commuting
from ._commutes import commutes as commutes
from ._conservation_laws import conservation_laws as conservation_laws
from ._discrete_drift import DiscreteDrift as DiscreteDrift
from ._discrete_drift import discrete_drift as discrete_drift
from ._laws import ConservationLaws as ConservationLaws
from ._laws import Law as Law
from ._legendre import LegendreFunction as LegendreFunction
from ._legendre import legendre as legendre
from ._legendre_table import LegendreTable as LegendreTable
from ._legendre_table import legendre_table as legendre_table
from ._mirror_drift import MirrorDrift as MirrorDrift
from ._mirror_drift import mirror_drift as mirror_drift
from ._model import Form as Form
from ._model import Model as Model
