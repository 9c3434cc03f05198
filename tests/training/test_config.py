"""Configurations: what they mean, and what is refused, in words that name table and key."""

import copy
import tomllib

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import mirrorflow as mf
from mirrorflow.claims import _compiles
from mirrorflow.training._prepare import layout, masks_at_start, settings, sparse_arrays
from mirrorflow.training._recipe import Recipe

from ._small import DATA, FEATURES, KEY, same

NETWORK = mf.networks.Perceptron((FEATURES,), 3, (8, 8), normalization="batch", key=jax.random.key(0))
GOOD = tomllib.loads(
    """
    [data]
    name = "digits"
    [network]
    name = "resnet"
    [optimizer]
    name = "adamw"
    learning_rate = 1e-3
    [sparsity]
    method = "rigl"
    density = 0.1
    [training]
    steps = 100
    """
)


def changed(text):
    """The good configuration with the tables of `text` in place of its own."""
    return copy.deepcopy(GOOD) | tomllib.loads(text)


def recipe(text, network=NETWORK):
    """The optimizer and its numbers, for a network of the tests."""
    config = mf.training.config_of(changed(text))
    where = sparse_arrays(network, config.sparsity.get("exclude", ()), config.sparsity.get("biases", False))
    numbers, words = settings(config)
    if config.sparsity["method"] in ("static", "set", "rigl"):
        numbers["sparsity_masks"] = masks_at_start(config.sparsity, network, where, KEY)
    if config.sparsity["method"] == "set":
        numbers["sparsity_key"] = KEY
    made = Recipe(
        name=config.optimizer["name"],
        base=config.base.get("name"),
        schedule=config.schedule["name"],
        method=config.sparsity["method"],
        words=tuple(sorted(words.items())),
        layout=layout(network, where),
    )
    return made, numbers


def trained(text, steps=5, network=NETWORK, **more):
    make, numbers = recipe(text, network)
    return mf.training.fit(network, DATA, make, numbers, steps=steps, batch=16, key=KEY, **more)


OPTIMIZERS = {
    "sgd": 'learning_rate = 0.1\nname = "sgd"\nmomentum = 0.9\nnesterov = true\nl2 = 1e-3\nweight_decay = 1e-2',
    "sign": 'learning_rate = 0.01\nname = "sign"\nmomentum = 0.5',
    "adam": 'learning_rate = 0.01\nname = "adam"\nl2 = 0.1\nb1 = 0.8',
    "adamw": 'learning_rate = 0.01\nname = "adamw"\nweight_decay = 0.1\nb2 = 0.99\neps = 1e-6',
}
OPTAX = {
    "sgd": optax.chain(
        optax.add_decayed_weights(1e-3),
        optax.trace(0.9, nesterov=True),
        optax.add_decayed_weights(1e-2),
        optax.scale(-0.1),
    ),
    "sign": optax.chain(optax.trace(0.5), optax.sign_sgd(0.01)),
    "adam": optax.chain(optax.add_decayed_weights(0.1), optax.adam(0.01, b1=0.8)),
    "adamw": optax.adamw(0.01, weight_decay=0.1, b2=0.99, eps=1e-6),
}
DENSE = '[sparsity]\nmethod = "none"\n'


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_named_optimizer_is_that_of_optax(name):
    ours = trained(f"{DENSE}[optimizer]\n{OPTIMIZERS[name]}")
    theirs = mf.training.fit(NETWORK, DATA, lambda: OPTAX[name], steps=5, batch=16, key=KEY)
    for one, other in zip(jax.tree.leaves(ours.params), jax.tree.leaves(theirs.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


TOGETHER = {
    "ham, static": ('name = "ham"\nbase = "sgd"', 'method = "static"\ndensity = 0.5\nmasks = "random"'),
    "pilot, gradual": ('name = "pilot"\nbase = "adam"', 'method = "gradual"\ndensity = 0.2\nbegin = 1\nend = 4'),
    "sign_in, SET": ('name = "sign_in"\nbase = "sgd"\nreset_every = 2', 'method = "set"\ndensity = 0.5\ninterval = 2'),
    "sparse_opt of adamw, RigL": (
        'name = "sparse_opt"\nbase = "adamw"',
        'method = "rigl"\ndensity = 0.5\ninterval = 2',
    ),
    "sparse_opt of horst, AC/DC": (
        'name = "sparse_opt"\nbase = "horst"',
        'method = "ac_dc"\ndensity = 0.5\nwarmup = 1\ncompressed = 1\ndense = 1\nend = 4',
    ),
    "muon, 2:4": ('name = "muon"', 'method = "static"\nmasks = "2:4"\nexclude = ["norm", "head", "layers.0"]'),
    "nano_adam, magnitude": ('name = "nano_adam"', 'method = "static"\ndensity = 0.5\nmasks = "magnitude"'),
    "horst, STR": ('name = "horst"', 'method = "str"\ninitial = -3.0'),
    "pilot, STR": ('name = "pilot"\nbase = "muon"', 'method = "str"'),
}


@pytest.mark.parametrize("pair", TOGETHER)
def test_optimizers_and_sparsities_go_together(pair):
    optimizer, sparsity = TOGETHER[pair]
    run = trained(f"[optimizer]\nlearning_rate = 1e-3\n{optimizer}\n[sparsity]\n{sparsity}", steps=6, evaluate_every=1)
    assert run.status.ok and run.skipped == 0 and np.isfinite(run.history["test_loss"]).all()
    assert not same(run.params, NETWORK)
    head, scale = run.network.head.weight, run.network.layers[0].norm.scale
    assert (head != 0).all() and (scale != 0).all()  # never pruned unless asked
    if "density" in sparsity:
        wanted = {"0.5": 56, "0.2": 22}[sparsity.split("density = ")[1][:3]]
        kept = sum(
            int(jnp.sum(mask)) for mask in (run.masks.layers[0].linear.weight, run.masks.layers[1].linear.weight)
        )
        assert kept == wanted


def test_sparse_opt_stands_after_the_scaling_and_before_the_decay():
    text = (
        '[optimizer]\nname = "sparse_opt"\nlearning_rate = 0.1\n[optimizer.base]\nname = "adamw"\nweight_decay = 0.5\n'
    )
    make, numbers = recipe(text + '[sparsity]\nmethod = "static"\ndensity = 0.5\nmasks = "random"')
    masks = numbers["sparsity_masks"]
    params = mf.sparsity.apply_masks(NETWORK, masks)
    optimizer = make(**numbers)
    gradients = jax.tree.map(jnp.ones_like, params)
    updates, _ = optimizer.update(gradients, optimizer.init(params), params)
    mask, theta = masks.layers[0].linear.weight, params.layers[0].linear.weight
    scales = mf.optimizers.neuron_scales(mask, 0)[:, None]
    assert np.ptp(scales) > 0.1
    expected = jnp.where(mask, -0.1 * (scales + 0.5 * theta), 0)
    np.testing.assert_allclose(updates.layers[0].linear.weight, expected, rtol=1e-4)


def test_other_numbers_and_densities_compile_nothing():
    text = '[optimizer]\nname = "sign_in"\nlearning_rate = {}\nreset_every = 9\n'
    text += '[optimizer.base]\nname = "sgd"\nmomentum = {}\n'
    text += (
        '[optimizer.schedule]\nname = "cosine"\nwarmup = {}\n[sparsity]\nmethod = "set"\ndensity = {}\nfraction = {}\n'
    )
    trained(text.format(0.1, 0.9, 2, 0.5, 0.3))
    masks = recipe(text.format(0.1, 0.9, 2, 0.25, 0.3))
    with _compiles.count() as programs:
        make, numbers = recipe(text.format(0.2, 0.5, 3, 0.25, 0.2))
        run = mf.training.fit(NETWORK, DATA, make, numbers, steps=5, batch=16, key=KEY)
    assert programs.compiled + programs.loaded == 0 and masks[0] == make and run.status.ok


@pytest.mark.parametrize("name", ["constant", "linear", "cosine"])
def test_the_learning_rate_rises_and_falls_as_said(name):
    final = "" if name == "constant" else "final = 0.1"
    text = (
        f'[optimizer]\nname = "sgd"\nlearning_rate = 2.0\n[optimizer.schedule]\nname = "{name}"\nwarmup = 9\n{final}\n'
    )
    make, numbers = recipe(DENSE + text)
    optimizer = make(**numbers)
    params = jax.tree.map(jnp.zeros_like, NETWORK)
    gradients, state, rates = jax.tree.map(jnp.ones_like, NETWORK), optimizer.init(NETWORK), []
    for count in (0, 4, 9, 54, 99, 100):
        state = optax.tree.set(state, count=jnp.asarray(count, jnp.int32))
        updates, _ = optimizer.update(gradients, state, params)
        rates.append(-float(updates.head.bias[0]))
    passed = (np.array([9, 54, 99, 100]) - 9) / 91
    shape = {"constant": 0 * passed, "linear": passed, "cosine": (1 - np.cos(np.pi * passed)) / 2}[name]
    np.testing.assert_allclose(rates, [0.2, 1.0, *(2 * (1 - 0.9 * shape))], rtol=1e-5)


def test_what_may_be_pruned_is_said_by_name():
    vit = mf.networks.ViT((1, 8, 8), 3, patch=4, width=8, depth=1, heads=2, key=KEY)
    names = lambda *more: set(mf.networks.weights(vit, sparse_arrays(vit, *more)))  # noqa: E731
    usual = names(("norm", "embedding", "head"), False)
    assert usual == {
        f"blocks.0.{part}.weight"
        for part in ("attention.query", "attention.key", "attention.value", "attention.output", "hidden", "output")
    } - {"blocks.0.head"}
    assert names((), False) - usual == {"embedding.patches.weight", "embedding.positions", "head.weight"}
    assert "blocks.0.hidden.bias" in names(("norm",), True) and "norm.scale" not in names(("norm",), True)
    assert "norm.scale" in names((), True)


WRONG = [
    (
        '[sparsity]\nmethod = "set"\ndensity = 0.5\nstop = 3\n',
        "[sparsity] stop must be at least interval = 5, or masks",
    ),
    ("[optimiser]\n", "There is no table 'optimiser'; did you mean 'optimizer'? There are data, network, optimizer"),
    ("data = 3\n", "[data] must be a table, got 3."),
    ("training = 3\n", "[training] must be a table, got 3."),
    ('[data]\nname = "digit"\n', "[data] name 'digit' is unknown; did you mean 'digits'? There are digits, characters"),
    ("[data]\ntest = 0.5\n", "[data] must have a key 'name': one of digits, characters, arrays."),
    ('[data]\nname = "digits"\ntest = 1.5\n', "[data] test must be a number between 0 and 1, got 1.5."),
    ('[data]\nname = "digits"\nclasses = [1]\n', "[data] classes must be a list of at least 2, each an integer of"),
    (
        '[data]\nname = "digits"\nlength = 9\n',
        "[data] has no key 'length' for 'digits'; there are test, classes, rela",
    ),
    ('[data]\nname = "arrays"\n', "[data] must have a key 'path' for 'arrays': a text."),
    ('[data]\nname = "characters"\n', "[network] name for data 'characters' must be a transformer, got 'resnet'."),
    ('[network]\nname = "resnet"\nblocks = [1, 0]\n', "[network] blocks must be a list of at least 1, each an integer"),
    ('[network]\nname = "resnet"\nwidth = 8.0\n', "[network] width must be an integer of at least 1, got 8.0."),
    ('[network]\nname = "resnet"\nwidth = true\n', "[network] width must be an integer of at least 1, got True."),
    ('[network]\nname = "vit"\nwidht = 8\n', "[network] has no key 'widht' for 'vit'; did you mean 'width'?"),
    ('[optimizer]\nname = "adamw"\n', "[optimizer] must have a key 'learning_rate' for 'adamw': a positive number."),
    (
        '[optimizer]\nname = "adamw"\nlearning_rate = -1\n',
        "[optimizer] learning_rate must be a positive number, got -1",
    ),
    ('[optimizer]\nname = "adamw"\nlearning_rate = nan\n', "learning_rate must be a positive number, got nan"),
    ('[optimizer]\nname = "adamw"\nlearning_rate = "1e-3"\n', "learning_rate must be a positive number, got '1e-3'."),
    ('[optimizer]\nname = "adamm"\nlearning_rate = 1\n', "[optimizer] name 'adamm' is unknown; did you mean 'adam'?"),
    (
        '[optimizer]\nname = "ham"\nlearning_rate = 1\n',
        "[optimizer] must have a key 'base' for 'ham': one of sgd, sign",
    ),
    (
        '[optimizer]\nname = "adam"\nbase = "sgd"\nlearning_rate = 1\n',
        "[optimizer] has no key 'base' for 'adam'; it is",
    ),
    ('[optimizer]\nname = "ham"\nbase = "horst"\nlearning_rate = 1\n', "[optimizer.base] name 'horst' is unknown;"),
    (
        '[optimizer]\nname = "ham"\nlearning_rate = 1\n[optimizer.base]\nname = "sgd"\nlearning_rate = 1\n',
        "[optimizer.base] has no key 'learning_rate' for 'sgd'; there are momentum, nesterov, l2, weight_decay.",
    ),
    (
        '[optimizer]\nname = "sgd"\nlearning_rate = 1\nschedule = "cosine"\n',
        "[optimizer.schedule] must be a table, got 'cosine'.",
    ),
    (
        '[optimizer]\nname = "sgd"\nlearning_rate = 1\n[optimizer.schedule]\nname = "cosine"\nwarmup = 100\n',
        "[optimizer.schedule] warmup must be below the 100 steps, got 100.",
    ),
    (
        '[optimizer]\nname = "nano_adam"\nlearning_rate = 1\nfinal_density = 0.2\n',
        "[optimizer] final_density must be at most density = 0.1, got 0.2.",
    ),
    (
        '[sparsity]\nmethod = "rig"\n',
        "[sparsity] method 'rig' is unknown; did you mean 'rigl'? There are none, static,",
    ),
    ('[sparsity]\nmethod = "rigl"\ndensity = 0\n', "[sparsity] density must be a number above 0 and at most 1, got 0."),
    ('[sparsity]\nmethod = "rigl"\n', "[sparsity] must have a key 'density' for masks 'erk'."),
    (
        '[sparsity]\nmethod = "static"\nmasks = "4:2"\n',
        "[sparsity] masks must be 'random', 'erk', 'magnitude', or 'n:m'",
    ),
    ('[sparsity]\nmethod = "static"\nmasks = "2:4"\ndensity = 0.5\n', "[sparsity] density must be left out for masks"),
    ('[sparsity]\nmethod = "none"\ndensity = 0.5\n', "[sparsity] has no key 'density' for 'none'; there are none."),
    (
        '[sparsity]\nmethod = "gradual"\ndensity = 0.5\nbegin = 9\nend = 101\n',
        "[sparsity] end must come after begin = 9 and within the 100 steps, got 101.",
    ),
    (
        '[optimizer]\nname = "sparse_opt"\nbase = "sgd"\nlearning_rate = 1\n[sparsity]\nmethod = "str"\n',
        "[optimizer] name 'sparse_opt' needs masks, which [sparsity] method gives: static, set, rigl, gradual or ac_dc",
    ),
    (
        '[optimizer]\nname = "sparse_opt"\nbase = "adamw"\ncorrect = "gradient"\nlearning_rate = 1\n',
        "[optimizer] correct must be 'update' for the base 'adamw': a constant scale of its gradient is divided out",
    ),
    ("[training]\nsteps = 0\n", "[training] steps must be an integer of at least 1, got 0."),
    ("[training]\n", "[training] must have a key 'steps': an integer of at least 1."),
    ("[training]\nsteps = 1\nstep = 1\n", "[training] has no key 'step'; did you mean 'steps'?"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[words[:40] for _, words in WRONG])
def test_what_is_wrong_is_refused_in_words(text, words):
    with pytest.raises(ValueError) as error:
        mf.training.config_of(changed(text))
    assert words in str(error.value)


def test_a_missing_table_is_named():
    for table in ("data", "network", "optimizer", "training"):
        with pytest.raises(ValueError, match=rf"There must be a table \[{table}\]"):
            mf.training.config_of({name: rest for name, rest in GOOD.items() if name != table})


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"mine\.toml cannot be read: No such file"):
        mf.training.read_config(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_bytes(b"[data\n")
    with pytest.raises(ValueError, match=r"mine\.toml is no TOML: .*line 1"):
        mf.training.read_config(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"mine\.toml is no TOML"):
        mf.training.read_config(tmp_path / "mine.toml")


def test_steps_of_the_sparsity_follow_from_the_length_of_the_training():
    config = mf.training.config_of(changed('[sparsity]\nmethod = "gradual"\ndensity = 0.1\n[training]\nsteps = 1000\n'))
    assert {name: config.sparsity[name] for name in ("begin", "end", "interval")} == {
        "begin": 100,
        "end": 750,
        "interval": 10,
    }
    for steps in (1, 2, 3):
        for method in ("rigl", "gradual", "ac_dc"):
            text = f'[sparsity]\nmethod = "{method}"\ndensity = 0.1\n[training]\nsteps = {steps}\n'
            mf.training.config_of(changed(text))
