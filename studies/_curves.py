"""Figures of studies: means with their intervals over a field of the settings, a line an arm."""

import numpy as np

from mirrorflow import plotting


def curves(axes, results, measure, over, fixed=None, *, x=None, factor=1.0, arms=None):
    """A measure against the field `over`, a line for each arm, bars of 95 %; settings that are `fixed` otherwise."""
    fixed = fixed or {}
    values = list(dict.fromkeys(one[over] for one in results.settings if all(one[k] == v for k, v in fixed.items())))
    names = [arm.name for arm in results.arms] if arms is None else arms
    for number, (name, look) in enumerate(zip(names, plotting.looks(len(names)), strict=True)):
        found = [(value, results.interval(name, measure, **fixed, **{over: value})) for value in values]
        found = [(value, one) for value, one in found if one is not None]
        if not found:
            continue
        places = np.array([value if x is None else x(value) for value, _ in found], float)
        # Side by side, so that no bar hides another.
        places = (
            places * 1.012 ** (number - (len(names) - 1) / 2)
            if x is None
            else places + 0.06 * (number - (len(names) - 1) / 2)
        )
        means, halves = (factor * np.array([getattr(one, part) for _, one in found]) for part in ("mean", "half"))
        axes.errorbar(places, means, halves, label=name, capsize=2, elinewidth=0.8, **look)
