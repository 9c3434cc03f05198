"""Which claims there are, and which are refused."""

import sys
import textwrap

import pytest

import mirrorflow as mf
from mirrorflow.claims import _loading, _registry


def stated(name="test/claim", **changes):
    """A decorator for a claim in which everything is in order but what `changes` puts in."""
    on = mf.experiment(cases=mf.cases.single())(lambda case, key: {"x": 1.0})
    fine = {"on": on, "statement": "x=1", "source": "arXiv:1234.56789", "status": "proved"}
    return mf.claim(name, **{**fine, "tolerance": mf.tolerance(1e-3, because="of the test"), **changes})


def comparing(case, result, value=1.0):
    return mf.Comparison(value, result["x"])


def test_claim_registers_with_its_control():
    claim = stated()(comparing)
    assert "test/claim" not in _registry._claims
    claim.control(value=2.0)
    assert mf.claims.get("test/claim") is claim and "test/claim" in mf.claims.names("test/*")


@pytest.mark.parametrize("ask", [mf.claims.get, mf.claims.verify, mf.claims.verify_all])
def test_claim_without_control_is_refused_and_says_why(ask):
    stated()(comparing)
    with pytest.raises(ValueError, match=r"'test/claim' at .*test_registry.py:\d+ has no control .* call .control"):
        ask("test/claim")


def test_claim_without_control_is_refused_as_an_object():
    with pytest.raises(ValueError, match="has no control"):
        mf.claims.verify(stated()(comparing))


def test_control_must_change_something_that_exists():
    claim = stated()(comparing)
    with pytest.raises(ValueError, match="needs the arguments that make the law wrong; it can replace value"):
        claim.control()
    with pytest.raises(ValueError, match="no argument 'power' to replace; it can replace value"):
        claim.control(power=2.0)
    with pytest.raises(ValueError, match="the control's value is the claim's own"):
        claim.control(value=1.0)
    assert not claim.controls


def test_name_that_stands_for_another_claim_is_refused():
    stated()(comparing).control(value=2.0)

    def another(case, result, value=1.0):
        return mf.Comparison(value, result["x"])

    with pytest.raises(ValueError, match=r"There is a claim 'test/claim' already, at .*needs another name"):
        stated()(another)


def test_definition_that_runs_again_replaces_itself():
    first = stated()(comparing).control(value=2.0)
    second = stated()(comparing).control(value=3.0)
    assert mf.claims.get("test/claim") is second is not first


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "no-page"}, "name must be 'page/short-name'"),
        ({"name": "a/b/c"}, "name must be 'page/short-name'"),
        ({"name": "a/b c"}, "name must be 'page/short-name'"),
        ({"name": "a/b*"}, "name must be 'page/short-name'"),
        ({"status": "true"}, "status must be one of 'proved'"),
        ({"expects": "fails"}, "expects must be one of 'holds'"),
        ({"status": "printed"}, "say expects='refuted'"),
        ({"on": lambda case, key: None}, "on must be what @mf.experiment made"),
        ({"tolerance": 1e-3}, "tolerance must be mf.tolerance"),
        ({"statement": " "}, "statement .* must not be empty"),
    ],
)
def test_incomplete_statements_are_refused(changes, words):
    with pytest.raises((ValueError, TypeError), match=words):
        stated(**changes)(comparing)


def test_what_is_open_is_measured_and_what_is_derived_here_is_new():
    assert stated("test/a", status="open")(comparing).expects == "measured"
    assert stated("test/b", status="derived here")(comparing).new
    assert stated("test/c")(comparing).expects == "holds"


def test_control_of_what_must_be_refuted_is_what_holds():
    claim = stated(expects="refuted")(comparing).control("the corrected form", value=2.0)
    assert claim.controls[0].expects == "holds" and claim.controls[0].words == "the corrected form"


def test_unknown_name_gets_near_ones():
    stated("test/balance")(comparing).control(value=2.0)
    with pytest.raises(mf.claims.UnknownClaim, match=r"did you mean 'test/balance'.*[^?.]\?$"):
        mf.claims.get("test/balanse")
    with pytest.raises(mf.claims.UnknownClaim, match=r"no claim 'zzzzzz'\.$"):
        mf.claims.get("zzzzzz")
    with pytest.raises(mf.claims.UnknownClaim, match="did you mean"):
        mf.claims.verify_all("tost/*")


FILE = """
import mirrorflow as mf

@mf.experiment(cases=mf.cases.single())
def one(case, key):
    return {"x": 1.0}

@mf.claim("filed/one", on=one, statement="x=1", source="here", status="proved",
          tolerance=mf.tolerance(1e-6, because="it is exact"))
def is_one(case, result, value=1.0):
    return mf.Comparison(value, result["x"])

is_one.control(value=2.0)
"""


def test_file_registers_its_claims_once(tmp_path):
    file = tmp_path / "my_claims.py"
    file.write_text(FILE)
    (claim,) = mf.claims.load_file(file)
    assert mf.claims.load_file(str(file)) == [claim] == [mf.claims.get("filed/one")]
    assert claim.origin.kind == "file" and claim.on.name == "my_claims.one"
    assert mf.claims.verify("filed/one").outcome == "holds"


def test_file_can_import_its_neighbours_and_leaves_the_path_alone(tmp_path):
    (tmp_path / "neighbour_of_claims.py").write_text("VALUE = 2.0\n")
    file = tmp_path / "their_claims.py"
    file.write_text("import neighbour_of_claims\n" + FILE.replace("filed/one", "filed/two"))
    before = list(sys.path)
    assert [claim.name for claim in mf.claims.load_file(file)] == ["filed/two"]
    assert sys.path == before
    del sys.modules["neighbour_of_claims"]


def test_file_that_fails_leaves_nothing_behind(tmp_path):
    file = tmp_path / "broken_claims.py"
    file.write_text(textwrap.dedent(FILE).replace("filed/one", "filed/broken") + "\n1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        mf.claims.load_file(file)
    assert not any("broken_claims" in name for name in sys.modules)
    with pytest.raises(FileNotFoundError, match="no file"):
        mf.claims.load_file(tmp_path / "absent.py")


def test_module_of_claims_that_cannot_be_read_does_not_hide_the_others(monkeypatch, tmp_path):
    package = tmp_path / "pages_of_a_plugin"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "bad.py").write_text("import mirrorflow\nraise RuntimeError('no data')\n")
    (package / "good.py").write_text(FILE.replace("filed/one", "plugin/good"))
    (package / "_private.py").write_text("raise RuntimeError('never imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(_loading, "_errors", {})
    _loading._import("pages_of_a_plugin")
    assert mf.claims.get("plugin/good").origin.kind == "module"
    (error,) = _loading._errors.values()
    assert error.where == "pages_of_a_plugin.bad" and error.words == "RuntimeError: no data"
    for name in [name for name in sys.modules if name.startswith("pages_of_a_plugin")]:
        del sys.modules[name]
