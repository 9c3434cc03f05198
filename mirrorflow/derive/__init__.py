"""Symbolic derivations: conservation laws, commuting fields, Legendre functions."""

from . import models as models
from ._commutes import Commuting as Commuting
from ._commutes import commutes as commutes
from ._conservation_laws import conservation_laws as conservation_laws
from ._laws import ConservationLaws as ConservationLaws
from ._laws import Law as Law
from ._model import Form as Form
from ._model import Model as Model
