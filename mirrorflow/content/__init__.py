"""What is checked, drawn and taught: the folders `theory_checks/`, `figures/` and `demos/` as one package.

In a checkout each sub-package looks into its folder at the top of the repository; in a wheel the files lie inside it.
"""

import pathlib


def checkout_folder(name: str) -> list[str]:
    """The path of the top-level folder `name`, alone in a list; an empty list where there is no checkout around."""
    root = pathlib.Path(__file__).resolve().parents[2]
    folder = root / name
    return [str(folder)] if folder.is_dir() and (root / "pyproject.toml").is_file() else []
