"""What is read off a trajectory, whoever made it; no theorem is known here."""

from ._balance import Balance as Balance
from ._balance import balance as balance
from ._conserved import Conserved as Conserved
from ._conserved import conserved as conserved
from ._events import escape_time as escape_time
from ._events import sign_flips as sign_flips
from ._fits import Fit as Fit
from ._fits import fit_exponent as fit_exponent
from ._fits import fit_rate as fit_rate
from ._margin_certificate import MarginCertificate as MarginCertificate
from ._margin_certificate import margin_certificate as margin_certificate
from ._margins import direction as direction
from ._margins import margin as margin
from ._norms import effective_sparsity as effective_sparsity
from ._norms import norm as norm
from ._norms import nuclear_frobenius_ratio as nuclear_frobenius_ratio
from ._norms import schatten_norm as schatten_norm
from ._singular_values import effective_rank as effective_rank
from ._singular_values import graded_log_sizes as graded_log_sizes
from ._singular_values import log_singular_values as log_singular_values
from ._singular_values import numerical_rank as numerical_rank
from ._singular_values import singular_values as singular_values
