"""Options that several commands have."""

from typing import Annotated

import typer

Out = Annotated[str, typer.Option("--out", metavar="DIR", envvar="MIRRORFLOW_OUT", help="Where everything is written.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of the experiments' keys.")]
From = Annotated[list[str] | None, typer.Option("--from", metavar="FILE", help="Also read the claims in this file.")]
