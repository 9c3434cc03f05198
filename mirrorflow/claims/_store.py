"""Results on disk, each under the digest of what determines it, in files a person can open.

    out/data/<experiment>/<digest>/arrays.npz   the arrays by name
                                   rest.pkl     everything else (the flow, the status)
                                   meta.json    case, seed, accuracy, how the run ended, versions, checksums

An entry appears whole or not at all: it is written under another name and renamed. Two processes that write the same
entry write the same thing; the second one's is dropped. An entry whose checksums disagree is set aside and made again.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import uuid
from typing import Any

from ._packing import pack, read_archive, unpack, write_archive

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Entry:
    """One stored result and what is known about how it came to be."""

    result: Any
    meta: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Store:
    """A folder of results."""

    folder: pathlib.Path

    def place(self, experiment: str, digest: str) -> pathlib.Path:
        """Where this entry is, or will be."""
        return self.folder / experiment / digest[:24]

    def __contains__(self, key: tuple[str, str]) -> bool:
        return (self.place(*key) / "meta.json").is_file()

    def meta(self, experiment: str, digest: str) -> dict[str, Any] | None:
        """What is known about an entry without reading its arrays, or None."""
        try:
            return json.loads((self.place(experiment, digest) / "meta.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def read(self, experiment: str, digest: str) -> Entry:
        """The entry; raises whatever makes it unreadable."""
        place = self.place(experiment, digest)
        meta = json.loads((place / "meta.json").read_text("utf-8"))
        if meta["digest"] != digest:
            raise ValueError(f"{place} describes another run.")
        contents = {name: (place / name).read_bytes() for name in meta["checksums"]}
        for name, checksum in meta["checksums"].items():
            if hashlib.sha256(contents[name]).hexdigest() != checksum:
                raise ValueError(f"{place / name} is not what was written.")
        return Entry(unpack(read_archive(contents["arrays.npz"]), contents["rest.pkl"]), meta)

    def load(self, experiment: str, digest: str) -> Entry | None:
        """The entry, or None if there is none that can be trusted; a bad one is set aside."""
        place = self.place(experiment, digest)
        try:
            return self.read(experiment, digest)
        except Exception:  # a pickle can fail in any way; every way means that the run is made again
            self._set_aside(place)
            return None

    def save(self, experiment: str, digest: str, result: Any, meta: dict[str, Any]) -> None:
        """Keep `result`; does nothing if an entry with this digest has appeared meanwhile."""
        arrays, rest = pack(result)
        contents = {"arrays.npz": write_archive(arrays), "rest.pkl": rest}
        checksums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
        shapes = {name: list(array.shape) for name, array in arrays.items()}
        described = {"format": FORMAT, "digest": digest, **meta, "arrays": shapes, "checksums": checksums}
        contents["meta.json"] = json.dumps(described, indent=1, ensure_ascii=False).encode()
        self._publish(self.place(experiment, digest), contents)

    def _publish(self, place: pathlib.Path, contents: dict[str, bytes]) -> None:
        draft = self.folder / f".draft-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        draft.mkdir(parents=True)
        try:
            for name, data in contents.items():
                (draft / name).write_bytes(data)
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists() and not (place / "meta.json").is_file():
                self._set_aside(place)  # what is left of a damaged entry
            os.rename(draft, place)
        except OSError:
            if not (place / "meta.json").is_file():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def _set_aside(self, place: pathlib.Path) -> None:
        """Take a bad entry out of the way in one step, so that nobody reads half of what replaces it."""
        if place.exists():
            aside = self.folder / f".bad-{uuid.uuid4().hex[:8]}"
            try:
                os.rename(place, aside)
            except OSError:
                return  # somebody else was first
            shutil.rmtree(aside, ignore_errors=True)


def out_folder(out: str | os.PathLike[str] | None = None) -> pathlib.Path:
    """Where results, figures and reports go: `out`, else `$MIRRORFLOW_OUT`, else `out` in the current folder."""
    return pathlib.Path(out or os.environ.get("MIRRORFLOW_OUT") or "out")


def open_store(out: str | os.PathLike[str] | None = None) -> Store:
    """The store under an output folder."""
    return Store(out_folder(out) / "data")
