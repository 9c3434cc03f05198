"""Methods against each other on real data: tuned alike, several seeds, intervals, a table and a figure."""

from ._draw import written as written
from ._loading import UnknownStudy as UnknownStudy
from ._loading import study_names as study_names
from ._loading import study_of as study_of
from ._results import Results as Results
from ._script import main as main
from ._statistics import Mean as Mean
from ._study import Arm as Arm
from ._study import Measure as Measure
from ._study import Size as Size
from ._study import Study as Study
from ._study import Trial as Trial
from ._tables import table as table
from ._work import conduct as conduct
from ._work import conduct_all as conduct_all
