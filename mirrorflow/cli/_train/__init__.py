"""`mirrorflow train`: a configuration, its training, and what came of it."""

from ._command import train as train
