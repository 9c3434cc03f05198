"""What figures, report and demos share: the style, and the way a figure script is found and drawn."""

from ._figures import Data as Data
from ._figures import Figure as Figure
from ._figures import UnknownFigure as UnknownFigure
from ._figures import figure_names as figure_names
from ._figures import figure_of as figure_of
from ._figures import made as made
from ._figures import main as main
from ._figures import make as make
from ._style import COLOURS as COLOURS
from ._style import DOUBLE as DOUBLE
from ._style import MARKERS as MARKERS
from ._style import PREDICTED as PREDICTED
from ._style import SINGLE as SINGLE
from ._style import canvas as canvas
from ._style import letters as letters
from ._style import looks as looks
from ._style import predicted as predicted
from ._style import save as save
from ._style import style as style
