"""Files that are the old one or the new one, never a part."""

import os
import pathlib
import uuid


def write_atomically(path: pathlib.Path, data: str | bytes, *, durable: bool = False) -> None:
    """Write a file so that a reader sees the old one or the new one; if `durable`, also after the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:6]}")
    with draft.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.replace(path)
