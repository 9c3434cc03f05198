"""Experiments with their store, claims with their controls, and the verdicts that come out.

experiment = a function of a case and a key, run once per case and accuracy
claim      = a comparison on its runs, with a tolerance and a deliberately wrong law as control
verdict    = holds, refuted or undecided: the numerical error is estimated and counts against every outcome
conjecture = a comparison over a space of cases, in which a counterexample is looked for and made small
"""

from . import cases as cases
from ._claim import Claim as Claim
from ._claim import Control as Control
from ._claim import claim as claim
from ._comparison import Comparison as Comparison
from ._comparison import Tolerance as Tolerance
from ._comparison import tolerance as tolerance
from ._conjecture import Conjecture as Conjecture
from ._conjectures import UnknownConjecture as UnknownConjecture
from ._conjectures import conjecture as conjecture
from ._conjectures import conjectures as conjectures
from ._conjectures import conjectures_of_file as conjectures_of_file
from ._counterexample import Counterexample as Counterexample
from ._experiment import Experiment as Experiment
from ._experiment import experiment as experiment
from ._falsify import Falsification as Falsification
from ._falsify import Looking as Looking
from ._falsify import falsify as falsify
from ._registry import UnknownClaim as UnknownClaim
from ._registry import get as get
from ._registry import load_file as load_file
from ._registry import names as names
from ._registry import paper as paper
from ._registry import papers as papers
from ._replay import replay as replay
from ._runs import Run as Run
from ._runs import Runs as Runs
from ._session import Session as Session
from ._session import verify_all as verify_all
from ._trial import Trial as Trial
from ._verdict import Row as Row
from ._verdict import Verdict as Verdict
from ._verify import verify as verify
from ._work import Interrupted as Interrupted
from ._work import Progress as Progress
