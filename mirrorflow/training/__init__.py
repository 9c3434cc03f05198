"""Training of networks: data, the loop with its files, configurations."""

from ._config import Config as Config
from ._config import config_of as config_of
from ._config import read_config as read_config
from ._fit import fit as fit
from ._loop import Seen as Seen
from ._loss import cross_entropy as cross_entropy
from ._loss import squared_error as squared_error
from ._metrics import read_metrics as read_metrics
from ._metrics import write_result as write_result
from ._prepare import Prepared as Prepared
from ._prepare import prepare as prepare
from ._run import Interrupted as Interrupted
from ._run import Progress as Progress
from ._run import Run as Run
from ._status import Code as Code
from ._status import Status as Status
