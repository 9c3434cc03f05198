"""What the studies share: data, networks, schedules, and one training of a trial."""

import functools

import jax
import numpy as np
import optax

import mirrorflow as mf

SHAPE, CLASSES = (1, 8, 8), 10
LENGTH = 32  # characters in a window
START, ORDER, MASKS = range(3)  # what keys of a trial are for


@functools.cache
def data_of(task, tuning):
    """Digits or text; for tuning the test part is kept away, and a part to train on tested in its place."""
    whole = mf.training.digits() if task == "images" else mf.training.characters("reference", LENGTH)
    return whole.validation() if tuning else whole


def key_of(trial, purpose):
    """A key of the trial's seed: the same for every method and every density, so that differences are paired."""
    return jax.random.fold_in(jax.random.key(trial.seed), purpose)


def transformer(task, key, *, width=32, depth=2):
    """A vision transformer for images, a causal one for text."""
    if task == "images":
        return mf.networks.ViT(SHAPE, CLASSES, patch=2, width=width, depth=depth, heads=4, key=key)
    vocabulary = len(mf.training.VOCABULARY)
    return mf.networks.Transformer(vocabulary, LENGTH, width=width, depth=depth, heads=4, key=key)


def images_of(trial, key=None):
    """The network for digits of the trial's size, with batch normalization: a perceptron if it says its `widths`."""
    key, size = key_of(trial, START) if key is None else key, trial.size
    if "widths" in size:
        return mf.networks.Perceptron(SHAPE, CLASSES, size["widths"], normalization="batch", key=key)
    return mf.networks.ResNet(SHAPE, CLASSES, width=size["width"], blocks=size["blocks"], key=key)


def cosine(peak, steps, warmup=0.1):
    """A rate that rises to `peak` (traced or not) over a share of the steps and then falls to 0 along a cosine."""
    shape = optax.warmup_cosine_decay_schedule(0.0, 1.0, max(1, round(warmup * steps)), steps, 0.0)
    return lambda step: peak * shape(step)


def trained(trial, network, optimizer, numbers=None, *, steps, batch=64, data=None, looks=1, **more):
    """The trial's training: numbers of the trial, the data of its task, evaluated so many times along the way."""
    return mf.training.fit(
        network,
        data_of(trial.setting.get("task", "images"), trial.tuning) if data is None else data,
        optimizer,
        dict(trial.numbers) if numbers is None else numbers,
        steps=steps,
        batch=batch,
        key=key_of(trial, ORDER),
        evaluate_every=max(1, steps // looks),
        progress=False,
        **more,
    )


def scored(trial, run, **more):
    """What tables show of a training; for tuning the score, test accuracy with the loss to tell equal ones apart."""
    accuracy, loss, density = (run.history[name][-1] for name in ("test_accuracy", "test_loss", "density"))
    if trial.tuning:
        return {"score": accuracy - 1e-3 * np.minimum(loss, 100.0)}
    return {"accuracy": accuracy, "loss": loss, "density": density, "skipped": run.skipped, **more}


def settings(**fields):
    """Every combination of the fields' values."""
    found = [{}]
    for name, values in fields.items():
        found = [{**one, name: value} for one in found for value in values]
    return tuple(found)


ACCURACY = mf.studies.Measure("accuracy", "Test accuracy in %", better=True, factor=100.0, digits=2)
LOSS = mf.studies.Measure("loss", "Test loss in nats", better=False, digits=3)
