"""What theory says without integrating."""

from ._bregman import BregmanProjection as BregmanProjection
from ._bregman import bregman_projection as bregman_projection
from ._escape import escape_time as escape_time
from ._limit import limit as limit
from ._max_margin import MaxMargin as MaxMargin
from ._max_margin import max_margin as max_margin
from ._saddle_jumps import SaddleJumps as SaddleJumps
from ._saddle_jumps import saddle_jumps as saddle_jumps
