"""Counting and finding laws in double precision: for fields that exact arithmetic modulo a prime does not cover."""

from ._basis import Gradients as Gradients
from ._basis import monomials as monomials
from ._closure import Closure as Closure
from ._closure import closure as closure
from ._duals import Duals as Duals
from ._duals import spanning_duals as spanning_duals
from ._function import FunctionModel as FunctionModel
from ._function import from_function as from_function
from ._rank import CONCLUSIVE_GAP as CONCLUSIVE_GAP
from ._search import Search as Search
from ._search import search as search
from ._steepest import steepest_fields as steepest_fields
from ._verified import VERIFIED as VERIFIED
from ._verified import NumericLaw as NumericLaw
