"""The report is one file, complete, and loads nothing from anywhere."""

import html.parser
import json
import re
import struct
import zlib

import pytest

import mirrorflow as mf
from mirrorflow import report
from mirrorflow.claims import _registry

VOID = {"meta", "link", "input", "br", "img", "hr", "image", "use", "circle", "rect", "path"}


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setattr(_registry, "_claims", dict(_registry._claims))
    monkeypatch.setattr(_registry, "_waiting", dict(_registry._waiting))
    monkeypatch.setattr(_registry, "_papers", {})
    on = mf.experiment(cases=mf.cases.grid(q=(1.0, 2.0)))(lambda case, key: {"x": 1.0})

    def state(name, value, **more):
        def compare(case, result, value=value):
            return mf.Comparison(value, result["x"])

        stated = {
            "statement": r"x = \frac{1}{2}",
            "source": "arXiv:2603.02064v2, Theorem 3",
            "status": "proved",
            **more,
        }
        made = mf.claim(name, on=on, tolerance=mf.tolerance(1e-3, because="a < b & c"), **stated)
        return made(compare)

    mf.claims.paper("2603.02064", "Never <Saddle>")
    claims = [
        state("one/holds", 1.0, notes="noted $x^2$", variables={r"\alpha": "the decay"}).control(value=2.0),
        state("one/refuted", 3.0, figure="picture").control("<script>alert(1)</script>", value=2.0),
        state("two/printed", 3.0, status="printed", expects="refuted", erratum="Not $3$.").control(value=1.0),
        state("two/undecided", float("nan")).control(value=2.0),
        state("two/open", 4.0, status="open").control(value=2.0),
        state("two/rebuilt", 1.0, status="reconstructed").control(value=2.0),
        state("two/new", 1.0, status="derived here", statement=r"\unknown{x").control(value=2.0),
        state("two/measured", 3.0, status="published", expects="measured").control(value=2.0),
        state("two/reading", 3.0, expects="refuted", erratum="Rather $1$.").control(value=1.0),
    ]
    return mf.claims.verify_all(claims, out=tmp_path)


@pytest.fixture
def picture(tmp_path):
    """A white PNG of 4 × 3, and what is known about it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\xff" * 4 for _ in range(3)))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 3, 8, 0, 0, 0, 0))
    folder = tmp_path / "figures"
    folder.mkdir(exist_ok=True)
    (folder / "picture.png").write_bytes(png + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    about = {"name": "picture", "title": "A picture", "caption": "It is $x$.", "claims": ["one/holds"]}
    return {**about, "files": ["picture.png"]}


@pytest.fixture
def page(session, picture, tmp_path):
    document = json.loads(json.dumps(session.document("mirrorflow verify"), allow_nan=False))
    return report.write(document, tmp_path, [picture]).read_text("utf-8")


class Reader(html.parser.HTMLParser):
    """Checks nesting and collects elements."""

    def __init__(self):
        super().__init__()
        self.open, self.elements = [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, (tag, self.open)
            self.open.pop()


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open, reader.open
    return reader.elements


def test_page_is_well_nested_and_every_claim_is_on_it(page, session):
    articles = [attributes for tag, attributes in read(page) if tag == "article"]
    assert {attributes["data-name"] for attributes in articles} == set(session.verdicts)
    assert {a["data-name"]: a["data-outcome"] for a in articles} == {n: v.outcome for n, v in session.verdicts.items()}


def test_page_loads_nothing(page):
    for tag, attributes in read(page):
        for name in ("src", "href", "xlink:href", "data", "action", "poster", "srcset"):
            target = attributes.get(name)
            if target and not target.startswith(("#", "data:")):
                assert tag == "a" and name == "href", (tag, name, target)
    assert not re.findall(r"url\((?!\"data:)|@import|fetch\(|XMLHttpRequest|<script[^>]+src", page)


def test_links_inside_the_page_lead_somewhere(page):
    elements = read(page)
    anchors = {attributes["id"] for _, attributes in elements if "id" in attributes}
    assert len(anchors) == sum("id" in attributes for _, attributes in elements)
    for _, attributes in elements:
        target = attributes.get("href", "")
        if target.startswith("#"):
            assert target[1:] in anchors, target


def test_verdicts_are_told_in_words_and_signs(page):
    for words in ("✓</b> holds", "✗</b> refuted, as it must be", "✗</b> refuted, but should hold", "?</b> undecided"):
        assert words in page
    assert "refuted (measured)" in page and "reconstruction" in page and ">new<" in page
    assert "3 hold" in page and "5 refuted (2 as they must be)" in page and "1 undecided" in page
    assert 'Not as expected: <a href="#one-refuted">one/refuted</a>, <a href="#two-undecided">' in page


def test_numbers_reasons_controls_and_commands_are_there(page):
    for words in ("a &lt; b &amp; c", "control", "corrected law", "mirrorflow verify", "seed 0", "q=1.0", "not finite"):
        assert words in page
    assert 'href="https://arxiv.org/abs/2603.02064v2"' in page and "<math" in page
    assert r'<code class="latex">\unknown{x</code>' in page
    assert "compiled" in page and mf.__version__ in page


def test_published_statements_that_were_not_found_are_named_in_the_summary(page, session):
    assert session.document()["unconfirmed"] == ["two/measured"]
    named = '<a href="#two-measured">two/measured</a> (published; refuted, and so is its control)'
    assert f"measured here, and not found: {named}." in page


def test_only_what_is_in_print_has_errata(page):
    cards = {name: text for name, text in re.findall(r'data-name="([^"]+)"(.*?)</article>', page, re.DOTALL)}
    assert '"label">erratum<' in cards["two/printed"] and '"label">printed<' in cards["two/printed"]
    assert '"label">erratum<' not in cards["two/reading"] and '"label">instead<' in cards["two/reading"]
    assert '"label">reading<' in cards["two/reading"] and "reading refuted, as it must be" in cards["two/reading"]


def test_an_error_that_no_finer_run_has_told_is_called_so(page, session):
    assert not any(record["refined"] for record in session.document()["claims"] if record["name"] == "one/holds")
    assert "(not refined)" in page and '<td class="n">not refined</td>' in page


def test_what_a_claim_says_is_never_markup(page):
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_figure_is_embedded_once_and_shown_at_each_of_its_claims(page):
    assert page.count("data:image/png;base64,") == 1 and 'width="4" height="3"' in page
    assert page.count('href="#image-picture"') == 2  # the claim that names it, and the one it names


def test_page_of_a_paper_has_its_title_and_errata(session, picture, tmp_path):
    path = report.write_paper("2603.02064", session.document(), tmp_path, [picture])
    page = path.read_text("utf-8")
    assert path.name == "paper-2603.02064.html" and "Never &lt;Saddle&gt;" in page
    errata = page.partition("<h2>Errata</h2>")[2].partition("</section>")[0]
    assert "Not <math" in errata and "Rather" not in errata
    read(page)


def test_gauge_puts_error_left_of_tolerance_where_the_claim_holds(session):
    from mirrorflow.report._gauge import gauge

    for record in session.document()["claims"]:
        drawn = gauge(record)
        if record["outcome"] == "undecided":
            assert drawn == ""
            continue
        error = float(re.search(r'class="error" cx="([\d.]+)"', drawn)[1])
        tolerance = float(re.search(r'class="tolerance" d="M([\d.]+)', drawn)[1])
        assert (error < tolerance) == (record["outcome"] == "holds")
