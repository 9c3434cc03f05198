"""Solvers of the toolkit's own, for `integrate(…, solver=…)`; any adaptive diffrax solver serves there, too."""

from .flows._mirror_step import ImplicitMirror as ImplicitMirror
