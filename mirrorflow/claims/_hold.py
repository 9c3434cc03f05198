"""Holding one claim and its controls against the stored runs of its experiment."""

import dataclasses
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from . import _provenance
from ._claim import Claim, Control
from ._comparison import Comparison, parts_of
from ._experiment import Unit
from ._judge import judge, undecided
from ._runs import Run, Runs, clean_accuracy, fetch
from ._store import Entry, Store
from ._verdict import Row, Verdict, worst
from .cases import Case, Cases

Failures = Mapping[str, tuple[str, str]]  # a unit that could not be run, in words: why, traceback


class _Undecided(Exception):
    """Why a group of runs decides nothing."""

    def __init__(self, reason: str, details: str = "") -> None:
        super().__init__(reason)
        self.details = details


def hold(claim: Claim, seed: int, store: Store, *, full: bool = False, failures: Failures | None = None) -> Verdict:
    """The verdict on a claim: its comparison and its controls' on every case, at every accuracy."""
    started = time.perf_counter()
    laws: list[Control | None] = [None, *claim.controls]
    seen = _Seen(claim, seed, store, failures or {}, claim.on.code_digest())
    rows: list[list[Row]] = [[] for _ in laws]
    for label, cases in groups(claim, full):
        try:
            ladder = [seen.runs(cases, factor) for factor in claim.on.accuracies]
        except _Undecided as why:
            for collected in rows:
                collected.append(undecided(label, "", claim.tolerance, str(why), traceback=why.details))
            continue
        for law, collected in zip(laws, rows, strict=True):
            collected.extend(_rows(claim, label, ladder, dict(law.law) if law else {}))
    controls = tuple(
        _verdict(claim, rows_of, control.expects, words=control.words, seed=seed)
        for control, rows_of in zip(claim.controls, rows[1:], strict=True)
    )
    verdict = _verdict(claim, rows[0], claim.expects, controls=controls, seed=seed, versions=_provenance.versions())
    return dataclasses.replace(_doubted(verdict), seconds=time.perf_counter() - started)


def groups(claim: Claim, full: bool) -> Iterator[tuple[str, Cases]]:
    """What each comparison sees: one case, or all cases that differ only in the fields the claim goes across."""
    cases = claim.on.all_cases(full)
    if claim.across is False:
        for case in cases:
            yield str(case) or "the only case", Cases([case])
        return
    pooled = vars(cases[0]).keys() if claim.across is True else claim.across
    grouped: dict[str, list[Case]] = {}
    for case in cases:
        rest = Case(**{name: value for name, value in vars(case).items() if name not in pooled})
        grouped.setdefault(str(rest) or "all cases", []).append(case)
    for label, members in grouped.items():
        yield label, Cases(members)


@dataclasses.dataclass(frozen=True)
class _Seen:
    """The runs that a claim sees."""

    claim: Claim
    seed: int
    store: Store
    failures: Failures
    code: str

    def runs(self, cases: Cases, factor: float) -> Runs:
        return Runs(Run(case, self._result(Unit(self.claim.on, case, factor, self.seed, self.code))) for case in cases)

    def _result(self, unit: Unit) -> Any:
        if str(unit) in self.failures:
            words, details = self.failures[str(unit)]
            raise _Undecided(f"{unit} failed: {words}", details)
        try:
            entry = fetch(unit, self.store)
        except Exception as error:
            raise _Undecided(f"{unit} failed: {type(error).__name__}: {error}", traceback.format_exc()) from error
        problem = _ending(unit, entry)
        if problem:
            raise _Undecided(problem)
        return entry.result


def _ending(unit: Unit, entry: Entry) -> str:
    if unit.experiment.ends == "any":
        return ""
    bad = [ending["words"] for ending in entry.meta["endings"] if not ending["ok"]]
    return f"at accuracy {unit.factor:g} the run ended otherwise than it should: {bad[0]}" if bad else ""


def _rows(claim: Claim, label: str, ladder: list[Runs], law: dict[str, Any]) -> Iterator[Row]:
    try:
        compared = [
            _compare(claim, runs, law, factor) for runs, factor in zip(ladder, claim.on.accuracies, strict=True)
        ]
    except Exception as error:
        words = f"the comparison failed: {type(error).__name__}: {error}"
        yield undecided(label, "", claim.tolerance, words, traceback=traceback.format_exc())
        return
    if len({tuple(parts) for parts in compared}) > 1:
        yield undecided(label, "", claim.tolerance, "which parts are compared depends on the accuracy")
        return
    for part in compared[-1]:
        yield judge(label, part, [parts[part] for parts in compared], claim.tolerance)


def _compare(claim: Claim, runs: Runs, law: dict[str, Any], factor: float) -> dict[str, Comparison]:
    with clean_accuracy(factor):  # what is predicted from the run is computed as accurately as the run
        if claim.across:
            made = claim.function(runs, **law)
        else:
            (run,) = runs
            made = claim.function(run.case, run.result, **law)
    return parts_of(claim.name, made)


def _verdict(claim: Claim, rows: list[Row], expects: str, **more: Any) -> Verdict:
    deciding = worst(tuple(rows))
    where = ", ".join(part for part in (deciding.case, deciding.part) if part)
    return Verdict(
        name=claim.name,
        outcome=deciding.outcome,
        rows=tuple(rows),
        expects=expects,
        tolerance=claim.tolerance.value,
        because=claim.tolerance.because,
        reason=f"{where}: {deciding.reason}" if deciding.reason else "",
        status=claim.status,
        **more,
    )


def _doubted(verdict: Verdict) -> Verdict:
    """A comparison that does not tell its law from another one says nothing in the law's favour."""
    control = verdict.control
    if control.as_expected or (verdict.outcome != verdict.expects and verdict.expects != "measured"):
        return verdict
    told = (
        "tell the law from a wrong one" if control.expects == "refuted" else "tell the printed form from the corrected"
    )
    reason = f"the comparison cannot {told}: the control ({control.words}) came out {control.outcome}"
    if control.reason:
        reason += f" ({control.reason})"
    return dataclasses.replace(verdict, outcome="undecided", reason=reason)
