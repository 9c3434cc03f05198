"""How long the command line takes to say what it can do."""

from measuring import COMMAND, Row, medians, python, seconds


def measure() -> list[Row]:
    found = medians({"help": lambda: seconds(lambda: python(*COMMAND, "--help"))}, repeats=9)
    return [Row("mirrorflow --help", found["help"], "s", at_most=0.5)]
