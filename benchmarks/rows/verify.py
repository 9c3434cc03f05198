"""How long the whole check takes after installation, with an empty and with a full cache of compiled programs."""

import pathlib
import tempfile

from measuring import COMMAND, Row, python, seconds


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        cache = pathlib.Path(folder) / "cache"

        def verify(out: str, *pattern: str) -> float:
            return seconds(
                lambda: python(*COMMAND, "verify", *pattern, "--out", f"{folder}/{out}", cache=cache, check=False)
            )

        # 90 s were allowed for pages 02 and 03, and 45 s more for pages 01 and 04.
        pages = verify("pages", "[rs]*/*")
        rest = verify("rest", "m*/*")
        return [
            Row("verify, pages 02 and 03, first time", pages, "s", at_most=90.0, note="nothing compiled before"),
            Row("verify, pages 01 and 04, then", rest, "s", at_most=45.0, note="what these share is compiled"),
            Row("verify, everything again", verify("again"), "s", at_most=90.0, note="compiled programs cached"),
        ]
