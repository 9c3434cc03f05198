"""Files that a kill leaves as they were or as they are to be, never in between."""

import os
import pathlib


def write_atomically(path: pathlib.Path, data: bytes) -> None:
    """Write a file whose reader sees the old one or the new one, also after the machine stops."""
    draft = path.with_name(f"{path.name}.partial")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
