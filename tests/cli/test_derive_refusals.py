"""What `mirrorflow derive` refuses: slips, models that are too large, and what is no formula."""

import time

import pytest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "got none"),
        (("a*b", "--network", "2,1"), "formulas and --network"),
        (("a*b", "--constants", "z"), "z stands in no formula; there are a, b"),
        (("a*b", "--constants", "a,b"), "No symbol is left to train"),
        (("a*b", "--sizes", "2"), "--sizes goes with --model"),
        (("a*b", "--biases"), "--biases goes with"),
        (("--network", "3,x,1"), "whole numbers"),
        (("--network", "3,0,1"), "widths"),
        (("--network", "3"), "at least two"),
        (("--network", "3,2", "--activation", "tanh"), "tanh"),
        (("--model", "atention"), "did you mean attention"),
        (("--model", "matrix"), "ROWS,COLUMNS,RANK"),
        (("--model", "matrix", "--sizes", "2,2"), "ROWS,COLUMNS,RANK"),
        (("--model", "matrix", "--sizes", "2,2,2", "--biases"), "has none"),
        (("a*b", "--decay", "l1"), "--decay must be"),
        (("a*b", "--decay", "-1"), "--decay"),
        (("a*b", "--momentum", "sin("), "--momentum must be"),
        (("a*b", "--geometry", "3"), "[1, 2]"),
        (("a*b", "--metric", "entrpy"), "did you mean entropy"),
        (("a*b", "--metric", "z=cosh"), "'z'"),
        (("a*b", "--momentum", "1", "--decay", "l2"), "momentum"),
        (("lambda*b", "--decay", "l2"), "lambda is the rate of the decay"),
        (("a*b", "--balance", "a=1"), "a, b"),
        (("a*b", "--balance", "-1"), "--balance"),
        (("--network", "2,1", "--balance", "1"), "--balance"),
        (("x = x*w",), "both sides"),
        (("a*b", "--json", "--latex"), "--json and --latex"),
    ],
)
def test_bad_input_is_refused_in_words(refused, arguments, words):
    assert words in refused(*arguments)


def test_size_beyond_the_limit_comes_with_an_estimate_before_anything_is_built(refused):
    begin = time.perf_counter()
    said = refused("--network", "500,500,500")
    assert "--limit" in said and "terms" in said
    said = refused("--network", "8,8,8", "--limit", "2000")
    assert "products" in said and "--limit" in said and "limit=" not in said
    assert "--limit" in refused("--model", "symmetric", "--sizes", "14,15")
    assert time.perf_counter() - begin < 10


@pytest.mark.parametrize(
    "attack",
    [
        "__import__('os').system('touch owned')",
        "().__class__.__bases__",
        "os.system(1)",
        "lambda: 0",
        "m.__class__",
        "m[0]",
        "exec(m)",
        "open(m)",
        "__builtins__",
        "m if w else u",
        "'m'",
        "m; w",
        "m\\w",
        "getattr(m, w)",
        "Symbol(m)",
        "m := w",
        "ｍ*w",
    ],
)
def test_nothing_but_formulas_is_read(refused, folder, attack):
    said = refused(attack)
    assert "^" in said
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "monster",
    [
        "9**9**9",
        "m + 9^9^9^9",
        "m*(9^60)^60",
        "(m + w)^99999999",
        "((m + w)^50)^50",
        "(m^60)^60",
        "m^60*w^60",
        "(a+b+c+d+e+f+g)^40",
        "m*1e999999999",
        "m*" + "9" * 1000,
        "(" * 500 + "m" + ")" * 500,
        "-" * 1500 + "m",
        "exp(" * 30 + "9" + ")" * 30 + "*m",
        "m^(1/0)",
        "m/(w-w)",
        "sqrt(-1)*m",
        "log(0)*m",
        "m + " * 1000 + "w",
        "m^" * 200 + "2",
        "2^m^m^1000",
    ],
)
def test_what_would_take_for_ever_is_refused_at_once(refused, monster):
    begin = time.perf_counter()
    refused(monster)
    assert time.perf_counter() - begin < 3
