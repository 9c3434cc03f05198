"""Formulas as MathML and as Unicode."""

import re
import xml.etree.ElementTree

import pytest

from mirrorflow import report

FORMULAS = [
    r"|w_i|^q - |w_j|^q \text{ is constant}",
    r"x_t=\tfrac12 e^{-4A_t}\left[u_0^2e^{-2\ell_t}-v_0^2e^{2\ell_t}\right]",
    r"x_\infty=\operatorname*{arg\,min}_{x}\{R_{\rho_\infty}(x): Ax=b\}",
    r"x_\infty=\argmin_x R(x), \sign(x)",
    r"\int_0^\infty\lVert\nabla f\rVert^2\,dt\le \frac{B^{2-q}(f_0-f_\infty)}{\mu}",
    r"x_i=\begin{cases}0 & i\notin S\\ \pm1 & i\in S\end{cases}",
    r"\mathcal{Q}_a(\mu)=\tfrac14\bigl\lVert\exp(aB+\textstyle\sum_i\mu_iA_i)\theta_0\bigr\rVert^2",
    r"\mathbb{R}^n,\ \hat{x},\ \dot x,\ X^\top,\ a \odot b \propto c",
]


@pytest.mark.parametrize("latex", FORMULAS)
def test_formula_becomes_well_formed_mathml(latex):
    # names of characters that HTML knows and XML does not
    plain = re.sub(r"&(?!amp|lt|gt|#)\w+;", " ", report.mathml(latex, display=True))
    tree = xml.etree.ElementTree.fromstring(plain)
    assert tree.tag.endswith("math") and "\\" not in "".join(tree.itertext())


def test_formula_that_cannot_be_read_is_shown_as_it_is():
    shown = report.mathml(r"\frac{<1}{")
    assert shown == r'<code class="latex">\frac{&lt;1}{</code>'


def test_words_and_formulas_mix():
    shown = report.mixed("a <b> & $x^2$ end")
    assert shown.startswith("a &lt;b&gt; &amp; <math") and shown.endswith("</math> end")


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"m_t^2-w_t^2=(m_0^2-w_0^2)\,e^{-4A_t}", "mₜ²-wₜ²=(m₀²-w₀²) e^(-4Aₜ)"),
        (r"R''(x)=\frac{1}{\sqrt{4|x|^q+\lambda^2}}", "R''(x)= 1/(√(4|x|^q+λ²))"),
        (r"\dot x=-\nabla f \le 0", "ẋ=-∇f ≤ 0"),
        (r"x\in\mathbb{R}^n, \{a\}", "x ∈ ℝⁿ, {a}"),
        (r"\log\frac{u_0}{v_0}", "log u₀/v₀"),
        (r"\frac12\log\frac1{x_0}+\frac{a+b}2", "1/2 log 1/x₀+ (a+b)/2"),
        (r"a,\quad\dot x,\quad\text{in }\sqrt{\alpha}", "a, ẋ, in √α"),
        (r"\operatorname*{arg\,min}_x \hat\rho", "arg min ₓ ρ̂"),
        (r"w_1\odot\dots\odot w_L", "w₁⊙…⊙w_L"),
    ],
)
def test_formula_in_one_line(latex, text):
    assert report.text(latex) == text
