"""The figures that come with the package: each is there, says what it shows, and claims and figures know each other."""

import pytest

from mirrorflow import claims, plotting

NAMES = plotting.figure_names()
CLAIMS = {name: claims.get(name) for name in claims.names()}


@pytest.mark.parametrize("name", NAMES)
def test_figure_says_what_it_shows_from_what_and_for_which_claims(name):
    figure = plotting.figure_of(name)
    assert figure.title and not figure.title.endswith(".") and len(figure.title) < 90
    assert len(figure.caption) > 150 and figure.caption.endswith(".")
    assert figure.caption.count("$") % 2 == 0
    assert figure.experiments and figure.claims
    for claim in figure.claims:
        assert CLAIMS[claim].on in figure.experiments, f"{claim} is not about what {name} is drawn from"


def test_every_figure_that_a_claim_names_is_there():
    named = {claim.figure for claim in CLAIMS.values() if claim.figure}
    assert named <= set(NAMES), f"no such figures: {sorted(named - set(NAMES))}"
    for claim in CLAIMS.values():
        if claim.figure:
            assert claim.name in plotting.figure_of(claim.figure).claims, (
                f"{claim.figure} does not mention {claim.name}"
            )
