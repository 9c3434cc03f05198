"""How long the whole check takes after installation, with an empty and with a full cache of compiled programs."""

import pathlib
import tempfile

from measuring import COMMAND, Row, python, seconds


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        cache = pathlib.Path(folder) / "cache"

        def verify(out: str) -> float:
            return seconds(lambda: python(*COMMAND, "verify", "--out", f"{folder}/{out}", cache=cache, check=False))

        return [
            Row("mirrorflow verify, first time", verify("first"), "s", at_most=90.0, note="nothing compiled before"),
            Row("mirrorflow verify, second time", verify("second"), "s", at_most=90.0, note="compiled programs cached"),
        ]
