"""What a study's script does when it is run by itself."""

import sys


def main() -> None:
    """Make the study of this script, as `mirrorflow study FILE` does."""
    import argparse

    from ..claims._store import out_folder
    from ._draw import written
    from ._loading import study_of
    from ._tables import table
    from ._work import conduct

    script = str(sys.modules["__main__"].__file__)
    parser = argparse.ArgumentParser(description=study_of(script).question)
    parser.add_argument(
        "--full", action="store_true", help="the whole study, which takes hours, instead of a small one"
    )
    parser.add_argument("--out", default=None, help="output folder (default: out)")
    parser.add_argument("--jobs", type=int, default=None, help="processes (default: one a core)")
    chosen = parser.parse_args()
    results = conduct(script, full=chosen.full, out=chosen.out, jobs=chosen.jobs)
    print(table(results))
    for file in written(results, out_folder(chosen.out) / "studies"):
        print(file)
