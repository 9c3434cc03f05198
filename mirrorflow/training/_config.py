"""Configurations of trainings: TOML, read whole and refused in words before anything runs."""

import os
import pathlib
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from ._config_fields import chosen, known, read_table
from ._config_tables import (
    ADAPTIVE,
    AROUND,
    BASES,
    DATA,
    NETWORKS,
    OF_EVERY_OPTIMIZER,
    OPTIMIZERS,
    PLAIN,
    SCHEDULES,
    SPARSITY,
    TRAINING,
    groups,
)

TABLES = ("data", "network", "optimizer", "sparsity", "training")
MASKED = ("static", "set", "rigl")
LAST = 0.75  # part of a training after which masks stay, by default


class Config(NamedTuple):
    """The tables of a configuration, checked, with what they leave out filled in; each is a dictionary.

    `optimizer` holds its `name`; `base` and `schedule` stand apart, `base` empty where there is none; relative paths in
    `data` are relative to `folder`.
    """

    data: dict[str, Any]
    network: dict[str, Any]
    optimizer: dict[str, Any]
    base: dict[str, Any]
    schedule: dict[str, Any]
    sparsity: dict[str, Any]
    training: dict[str, Any]
    folder: pathlib.Path = pathlib.Path()


def read_config(path: str | os.PathLike[str]) -> Config:
    """The configuration of a training in a TOML file.

    Tables: `[data]`, `[network]`, `[optimizer]` with `[optimizer.base]` and `[optimizer.schedule]`, `[sparsity]`,
    `[training]`. `mirrorflow train` runs one; complete ones are in `demos/training`.

    **Raises:** `ValueError` for a file that cannot be read, tables or keys that are unknown or missing, values of a
    wrong type or range, and choices that do not go together.
    """
    file = pathlib.Path(path)
    try:
        with file.open("rb") as stream:
            given = tomllib.load(stream)
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no TOML: {error}.") from error
    return config_of(given, file.parent)


def config_of(given: Mapping[str, Any], folder: str | os.PathLike[str] = ".") -> Config:
    """The configuration in a dictionary of tables, as `read_config` makes it of a file in `folder`.

    >>> config = mf.training.config_of(
    ...     {
    ...         "data": {"name": "digits"},
    ...         "network": {"name": "perceptron", "widths": [32]},
    ...         "optimizer": {"name": "adamw", "learning_rate": 1e-3},
    ...         "training": {"steps": 100},
    ...     }
    ... )
    >>> config.optimizer["b2"], config.sparsity["method"]
    (0.999, 'none')
    """
    known("There is no table", given, TABLES)
    for table in TABLES:
        if table not in given and table != "sparsity":
            raise ValueError(f"There must be a table [{table}].")
    training = read_table("[training]", _table("[training]", given["training"]), TRAINING)
    optimizer, base, schedule = _optimizer(given["optimizer"], training["steps"])
    config = Config(
        data=_variant("[data]", "name", given["data"], DATA),
        network=_variant("[network]", "name", given["network"], NETWORKS),
        optimizer=optimizer,
        base=base,
        schedule=schedule,
        sparsity=_sparsity(given.get("sparsity", {}), training["steps"]),
        training=training,
        folder=pathlib.Path(folder),
    )
    _together(config)
    return config


def _table(place: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} must be a table, got {given!r}.")
    return given


def _variant(
    place: str, key: str, given: Any, variants: Mapping[str, Any], default: str | None = None, more: Any = None
) -> dict[str, Any]:
    """A table whose keys depend on the word under one of them."""
    name = chosen(place, key, given, variants, default)
    rest = {field: value for field, value in given.items() if field != key}
    return {key: name, **read_table(place, rest, {**(more or {}), **variants[name]}, f" for {name!r}")}


def _optimizer(given: Any, steps: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    place = "[optimizer]"
    name = chosen(place, "name", given, OPTIMIZERS)
    schedule = _variant("[optimizer.schedule]", "name", given.get("schedule", {}), SCHEDULES, "constant")
    if schedule["name"] != "constant":
        schedule["steps"] = steps
        if schedule.get("warmup", 0) >= steps:
            raise ValueError(f"[optimizer.schedule] warmup must be below the {steps} steps, got {schedule['warmup']}.")
    rest = {key: value for key, value in given.items() if key not in ("schedule", "base")}
    optimizer = _falling(place, _variant(place, "name", rest, OPTIMIZERS, more=OF_EVERY_OPTIMIZER), steps)
    return optimizer, _base(name, given, steps), schedule


def _base(name: str, given: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """What stands inside the optimizer `name`: a name, or a table of its own."""
    inner = given.get("base")
    if name not in AROUND:
        if inner is not None:
            raise ValueError(f"[optimizer] has no key 'base' for {name!r}; it is for {', '.join(AROUND)}.")
        return {}
    if inner is None:
        words = ", ".join(BASES[name])
        raise ValueError(
            f"[optimizer] must have a key 'base' for {name!r}: one of {words}, or a table [optimizer.base]."
        )
    place, inner = "[optimizer.base]", {"name": inner} if isinstance(inner, str) else inner
    return _falling(place, _variant(place, "name", inner, {base: PLAIN[base] for base in BASES[name]}), steps)


def _falling(place: str, table: dict[str, Any], steps: int) -> dict[str, Any]:
    """NanoAdam's density falls over the whole training, unless said otherwise."""
    final = table.get("final_density")
    if final is None:
        if "decay_steps" in table:
            raise ValueError(f"{place} decay_steps must come with final_density.")
        return table
    if final > table["density"]:
        raise ValueError(f"{place} final_density must be at most density = {table['density']:g}, got {final:g}.")
    return {"decay_steps": steps, **table}


def _sparsity(given: Any, steps: int) -> dict[str, Any]:
    """The table with numbers of steps that the length of the training gives."""
    table = _variant("[sparsity]", "method", given, SPARSITY, "none")
    method, tenth, last = table["method"], max(1, steps // 10), max(1, int(LAST * steps))
    if method in MASKED:
        _masks(table)
    if method in ("set", "rigl"):
        table = {"stop": last, "interval": min(100, max(1, steps // 20)), **table}
        if table["stop"] < table["interval"]:
            raise ValueError(
                f"[sparsity] stop must be at least interval = {table['interval']}, or masks never change, got "
                f"{table['stop']}."
            )
    if method == "gradual":
        table = {"begin": min(tenth, last - 1), "end": last, "interval": max(1, steps // 100), **table}
        if not table["begin"] < table["end"] <= steps:
            raise ValueError(
                f"[sparsity] end must come after begin = {table['begin']} and within the {steps} steps, got "
                f"{table['end']}."
            )
    if method == "ac_dc":
        table = {"warmup": tenth, "compressed": tenth, "dense": tenth, "end": last, **table}
        if not table["warmup"] <= table["end"] <= steps:
            raise ValueError(
                f"[sparsity] end must be at least warmup = {table['warmup']} and within the {steps} steps, got "
                f"{table['end']}."
            )
    return table


def _masks(table: dict[str, Any]) -> None:
    if groups(table["masks"]) is None:
        if "density" not in table:
            raise ValueError(f"[sparsity] must have a key 'density' for masks {table['masks']!r}.")
    elif "density" in table:
        raise ValueError(f"[sparsity] density must be left out for masks {table['masks']!r}, which say it.")


def _together(config: Config) -> None:
    """`ValueError` for tables each of which is right, and that do not go together."""
    data, network = config.data["name"], config.network["name"]
    if (data == "characters") != (network == "transformer") and data != "arrays":
        fitting = "a transformer" if data == "characters" else "perceptron, resnet or vit"
        raise ValueError(f"[network] name for data {data!r} must be {fitting}, got {network!r}.")
    if config.optimizer["name"] != "sparse_opt":
        return
    if config.sparsity["method"] in ("none", "str"):
        raise ValueError(
            "[optimizer] name 'sparse_opt' needs masks, which [sparsity] method gives: static, set, rigl, gradual or "
            f"ac_dc, got {config.sparsity['method']!r}."
        )
    if config.optimizer["correct"] == "gradient" and config.base["name"] in ADAPTIVE:
        raise ValueError(
            f"[optimizer] correct must be 'update' for the base {config.base['name']!r}: a constant scale of its "
            "gradient is divided out again, so the correction has to come after."
        )
