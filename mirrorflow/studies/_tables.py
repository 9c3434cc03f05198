"""A study's results as Markdown: means with intervals, differences from the baseline, and the numbers found."""

from collections.abc import Iterable, Sequence
from typing import Any

from ._results import Results
from ._statistics import Mean
from ._study import Measure, Setting

WORDS = {1: "better", -1: "worse", 0: "cannot be told"}


def table(results: Results) -> str:
    """Everything that a study has to say, as Markdown."""
    study, size = results.study, results.study.size(results.full)
    where = f"at {label(study.tuned_in)} for all settings" if study.tuned_in else "in each setting"
    trials = f"{size.trials} tuning trials for each method {where}, " if _tuned(results) else ""
    parts = [
        f"# {study.title}",
        study.question,
        f"Source: {study.source}. {trials}{size.seeds} seeds, mean ± 95 % interval (Student). "
        + ", ".join(f"{name} {_plain(value)}" for name, value in size.numbers.items())
        + ".",
    ]
    for measure in study.measures:
        parts += [f"## {measure.words}", _means(results, measure)]
        if measure.better is not None and len(results.arms) > 1:
            parts += [f"Differences from {study.baseline}, seed by seed:", _differences(results, measure)]
    if _tuned(results):
        parts += ["## Numbers that tuning found", "An asterisk: the outermost that was tried.", _numbers(results)]
    notes = [f"- {arm.name}: {arm.why}" for arm in results.arms if arm.why]
    made = [f"Made {'; '.join(results.made)}."] if results.made else []
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else []), *made]) + "\n"


def label(setting: Setting) -> str:
    """A setting in words."""
    return ", ".join(
        str(value) if isinstance(value, str) else f"{name} {_plain(value)}" for name, value in setting.items()
    )


def _means(results: Results, measure: Measure) -> str:
    rows = [
        [
            label(setting),
            *(_shown(results.interval(arm.name, measure.name, **setting), measure) for arm in results.arms),
        ]
        for setting in results.settings
    ]
    return markdown(["", *(arm.name for arm in results.arms)], rows)


def _differences(results: Results, measure: Measure) -> str:
    study = results.study
    others = [arm for arm in results.arms if arm.name != study.against(arm)]
    heads = [arm.name if arm.against is None else f"{arm.name} (from {arm.against})" for arm in others]
    rows = []
    for setting in results.settings:
        row = [label(setting)]
        for arm in others:
            found = results.difference(arm.name, measure.name, **setting)
            words = "" if found is None else f": {WORDS[found.sign if measure.better else -found.sign]}"
            row.append(_shown(found, measure, signed=True) + words)
        rows.append(row)
    return markdown(["", *heads], rows)


def _numbers(results: Results) -> str:
    rows = []
    for setting in results.settings:
        row = [label(setting)]
        for arm in results.arms:
            found = results.best(arm.name, **setting)
            tuned = [] if found is None else [(name, found.numbers[name]) for name in arm.tuned]
            stars = () if found is None else found.at_ends
            row.append(", ".join(f"{name} {_plain(value)}{'*' * (name in stars)}" for name, value in tuned))
        rows.append(row)
    return markdown(["", *(arm.name for arm in results.arms)], rows)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(found: Mean | None, measure: Measure, signed: bool = False) -> str:
    if found is None:
        return "—"
    mean, half = measure.factor * found.mean, abs(measure.factor) * found.half
    return f"{mean:{'+' if signed else ''}.{measure.digits}f} ± {half:.{measure.digits}f}"


def _tuned(results: Results) -> bool:
    return results.study.size(results.full).trials > 0 and any(arm.tuned for arm in results.arms)


def _plain(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
