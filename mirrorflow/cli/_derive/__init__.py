"""`mirrorflow derive`: the laws of a model that is typed, how many there are, and the mirror flow that it is."""

from ._command import derive as derive
from ._command import derive_table as derive_table
