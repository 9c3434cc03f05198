"""What theory says without integrating."""

from ._bregman import BregmanProjection as BregmanProjection
from ._bregman import bregman_projection as bregman_projection
from ._escape import escape_time as escape_time
from ._limit import limit as limit
from ._margin_rates import LossExponents as LossExponents
from ._margin_rates import bregman_gap_exponent as bregman_gap_exponent
from ._margin_rates import coordinate_exponents as coordinate_exponents
from ._margin_rates import direction_error_exponent as direction_error_exponent
from ._margin_rates import loss_exponents as loss_exponents
from ._margin_rates import margin_gap_constant as margin_gap_constant
from ._margin_rates import norm_exponent as norm_exponent
from ._margin_rates import norm_growth as norm_growth
from ._max_margin import MaxMargin as MaxMargin
from ._max_margin import max_margin as max_margin
from ._misaligned_escape import misaligned_escape_time as misaligned_escape_time
from ._pl_rate import PLRate as PLRate
from ._pl_rate import pl_rate as pl_rate
from ._rank_jumps import RankJumps as RankJumps
from ._rank_jumps import rank_jumps as rank_jumps
from ._saddle_jumps import SaddleJumps as SaddleJumps
from ._saddle_jumps import saddle_jumps as saddle_jumps
from ._sign_flip import SignFlip as SignFlip
from ._sign_flip import separating_balance as separating_balance
from ._sign_flip import separatrix as separatrix
from ._sign_flip import sign_flip as sign_flip
from ._woodworth import woodworth_q as woodworth_q
