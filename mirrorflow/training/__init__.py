"""Training of networks: data, and the loop."""

from ._characters import characters as characters
from ._data import AbstractData as AbstractData
from ._data import Blocks as Blocks
from ._data_arrays import arrays as arrays
from ._data_images import Images as Images
from ._data_text import VOCABULARY as VOCABULARY
from ._data_text import Text as Text
from ._data_text import decoded as decoded
from ._data_text import encoded as encoded
from ._data_text import printable as printable
from ._digits import digits as digits
