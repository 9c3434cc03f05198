"""What importing costs beside importing what it stands on."""

from measuring import Row, medians, python, seconds

STACK = "import jax, diffrax, equinox, optax, sympy"
EVERY_NAME = "import mirrorflow as mf\nfor name in mf.__all__: getattr(mf, name)"


def measure() -> list[Row]:
    found = medians(
        {
            "stack": lambda: seconds(lambda: python("-c", STACK)),
            "lazy": lambda: seconds(lambda: python("-c", "import mirrorflow")),
            "every name": lambda: seconds(lambda: python("-c", EVERY_NAME)),
        },
        repeats=7,
    )
    stack = found["stack"]
    against = "against " + STACK
    return [
        Row("import mirrorflow", found["lazy"], "s", stack, 1.2, against),
        Row("… and use every public name", found["every name"], "s", stack, 1.2, against),
    ]
