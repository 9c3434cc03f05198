"""`fit`: trains a network, so that it can be watched, interrupted and continued."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import optax

from .. import _checks
from .._types import Numeric
from ..sparsity._masks import Where, _sparse
from ._given import batch_of, numbers_of, start_of, tests_of
from ._host import Looker, Training
from ._loop import Seen, Task
from ._loss import cross_entropy
from ._run import Progress, Run


def fit(
    network: Any,
    data: Any,
    make_optimizer: Callable[..., optax.GradientTransformation],
    numbers: Mapping[str, Any] | None = None,
    *,
    steps: int,
    key: jax.Array,
    batch: int = 64,
    evaluate_every: int | None = None,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    progress: bool | Callable[[Progress], None] | None = None,
    initial: Any = None,
    clip: Numeric | None = None,
    tests: Mapping[str, Any] | None = None,
    adapt: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None,
    observe: Callable[[Seen], dict[str, Any]] | Sequence[Callable[[Seen], dict[str, Any]]] = (),
    loss: Callable[..., Any] = cross_entropy,
    where: Where = None,
) -> Run:
    """Train a network's inexact arrays on batches of the data: θ ← θ + update(∇ mean loss, θ).

    The optimizer is made inside the compiled program by `make_optimizer(**numbers)`, the numbers traced: others, or
    another key, compile nothing. Masks in its state hold from the first step on, for the start is masked too.

    A batch whose loss, gradients or new weights are not finite makes no step and is counted; 20 in a row end the
    training, with the last weights that were finite.

    With `out`, the state is kept in `out/state.npz` at every evaluation, every half minute, and on Ctrl-C; the same
    call continues from there, bit for bit as if it had never stopped, also to more steps. `out/metrics.jsonl` has a
    line for each evaluation. That code or functions changed in between is not noticed.

    **Arguments:**

    - `network`: called with (inputs, statistics, training=…), gives (outputs, statistics); `network.statistics()` are
      those of the start.
    - `data`: `data.batch(key, step, size)` gives the inputs and targets of a step.
    - `make_optimizer`, `numbers`: numbers, keys, or pytrees of arrays (masks, say) by name. What decides the structure
      of the computation belongs into `make_optimizer`, which is to be the same object in calls that share a program.
    - `steps`: batches in all; `batch`: samples in each; `key`: of their choice.
    - `evaluate_every`: steps from one evaluation to the next (default: a tenth of all); before the first step and after
      the last there is one too.
    - `fresh`: start over in place of what is in `out`.
    - `progress`: whether to show progress (default: in a terminal after two seconds), or a function that is told.
    - `initial`: a network or a tree of its arrays to start from, or a `Run`, whose statistics come along; the moments
      never do.
    - `clip`: the largest norm of gradients, over weights that are not pruned.
    - `tests`: further data whose test sets are evaluated, by name: `name_loss` and `name_accuracy` in the history.
    - `observe`: functions of `Seen`, compiled, that give numbers or arrays by name for the history.
    - `adapt`: called with each row of the history, gives the numbers that change from there on, by name, as
      `optimizers.SparsityControl` does. A training that is continued calls it with the rows that are kept, so that it
      may remember what it was called with. Numbers that an optimizer copies into its state stay there as they were.
    - `loss`: (outputs, targets) ↦ the loss of each sample.
    - `where`: the arrays of which `density` and `nonzeros` tell, as in `sparsity.random_masks`.

    **Returns:** a `Run`. Its history has `step`, `train_loss` and `train_accuracy` (means over the batches since the
    last evaluation), `test_loss`, `test_accuracy`, `density`, `nonzeros`, `skipped`, `seconds`.

    **Raises:** `ValueError` for arguments out of range, an `initial` of another structure, an `out` that holds another
    training; `Interrupted`, a `KeyboardInterrupt` with the `run` so far, on Ctrl-C.

    **Source:** theory page 06 (networks and data).

    >>> data = mf.training.digits()
    >>> network = mf.networks.Perceptron(data.input_shape, data.classes, (32,), key=jax.random.key(0))
    >>> run = mf.training.fit(network, data, optax.adam, {"learning_rate": 1e-2}, steps=100, key=jax.random.key(1))
    >>> str(run.status), bool(run.history["test_accuracy"][-1] > 0.9)
    ('finished: all steps that were asked for (100 steps)', True)
    """
    steps = _checks.integer("steps", steps, at_least=1)
    every = -(-steps // 10) if evaluate_every is None else evaluate_every
    every = _checks.integer("evaluate_every", every, at_least=1)
    params, frame, statistics = start_of(network, *_parts(initial))
    task = Task(
        make_optimizer=make_optimizer,
        loss=loss,
        batch=batch_of(batch, data),
        numbers=numbers_of(numbers or {}),
        clip=None if clip is None else numbers_of({"clip": _checks.positive("clip", clip)})["clip"],
        data=data,
        key=_checks.key("key", key),
        frame=frame,
    )
    functions = (observe,) if callable(observe) else tuple(observe)
    looker = Looker(task, tests_of(data, tests or {}), functions, tuple(_sparse(params, where)))
    return Training(task, looker, params, statistics, out, fresh, adapt).run(steps, every, progress)


def _parts(initial: Any) -> tuple[Any, Any]:
    return (initial.network, initial.statistics) if isinstance(initial, Run) else (initial, None)
