"""Many flows at once."""

from ._sweep import sweep as sweep
