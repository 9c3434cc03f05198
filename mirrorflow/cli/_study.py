"""`mirrorflow study`."""

from typing import Any

import rich.markdown
import rich.progress
import typer

from ..claims._store import out_folder
from ..studies import Results, Study, UnknownStudy, conduct_all, study_names, study_of, table, written
from ..studies._plan import total
from ..studies._work import Failed, Step, study_results
from ._words import err, out, plural, refuse


def run(
    names: list[str], *, everything: bool, full: bool, show: bool, fresh: bool, folder: str, jobs: int | None
) -> None:
    """Make studies, or list them."""
    if not names and not everything:
        _list()
        return
    chosen: list[str] = [*names, *(study_names() if everything else [])]
    try:
        studies = {name: study_of(name) for name in chosen}
    except (UnknownStudy, ValueError) as error:
        refuse(str(error))
    if show:
        found = [study_results(study, full=full, out=folder) for study in studies.values()]
    else:
        found = _made(studies, full, fresh, folder, jobs)
    for results in found:
        _tell(results, folder, brief=everything)


def _made(studies: dict[str, Study], full: bool, fresh: bool, folder: str, jobs: int | None) -> list[Results]:
    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TimeElapsedColumn(),
    )
    with rich.progress.Progress(*columns, console=err(), transient=True) as bar:
        task = bar.add_task("studies", total=sum(total(study, full) for study in studies.values()))

        def progress(step: Step) -> None:
            bar.update(task, advance=1, description=f"{step.run.study}: {step.run.arm}")

        try:
            return conduct_all(list(studies), full=full, out=folder, jobs=jobs, fresh=fresh, progress=progress)
        except KeyboardInterrupt:
            err().print("Interrupted: what has ended is kept, and the same command goes on.")
            raise typer.Exit(130) from None
        except Failed as failure:
            err().print(f"[bold red]A run failed:[/] {failure}", soft_wrap=True)
            raise typer.Exit(1) from None


def _tell(results: Results, folder: str, brief: bool) -> None:
    files = written(results, out_folder(folder) / "studies")
    if not brief:
        out().print(rich.markdown.Markdown(table(results)))
    for file in files:
        print(file)


def _list() -> None:
    names = study_names()
    if not names:
        refuse("There are no studies here.")
    rows: list[Any] = [f"[bold]{name}[/]  {study_of(name).question}" for name in names]
    out().print(f"{plural(len(names), 'study')}:", *rows, sep="\n")
