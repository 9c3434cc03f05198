"""Page 07: laws of steepest flows on products, and of sign flow on factorizations."""

import numpy as np
import sympy

import mirrorflow as mf

from . import _law_counts as counts

models = mf.derive.models

# --- products --------------------------------------------------------------------------------------------------------

ANY = 0  # the exponent as a symbol
Q = sympy.Symbol("q", positive=True)


def exponent(number):
    """q from hundredths, or the symbol."""
    return Q if number == ANY else sympy.Rational(number, 100)


@mf.experiment(cases=mf.cases.single())
def products(case, key):
    """x₁⋯x_D for D from 1 to 8 under q-steepest flow: q=1, random ones of the two decimals, and q as a symbol."""
    rng = counts.generator(key)
    sizes = [(size, q) for size in range(1, 9) for q in (ANY, 100, int(rng.integers(101, 200)))]
    x = sympy.symbols("x1:9", real=True)
    rows = []
    for seed, (size, q) in enumerate(sizes):
        laws = mf.derive.conservation_laws([sympy.Mul(*x[:size])], x[:size], geometry=exponent(q), seed=seed)
        written = sum(powers(law.expression, exponent(q)) for law in laws)
        rows.append((size, len(laws), laws.count, written))
    columns = np.array(rows).T
    return dict(zip(("size", "found", "counted", "differences of powers"), columns, strict=True))


def powers(expression, q):
    """Whether the expression is |x_i|^q−|x_j|^q, times a constant."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(expression)]
    plain = all(len(term.free_symbols - {Q}) == 1 for _, term in terms)
    if not plain or len(terms) != 2 or terms[0][0] + terms[1][0] != 0:
        return False
    return all(term == sympy.Abs(*(term.free_symbols - {Q})) ** q for _, term in terms)


@mf.claim(
    "conservation-laws/products-steepest",
    on=products,
    statement=r"f=x_1\cdots x_D,\ \dot x=-\mathrm{sgn}(\nabla)|\nabla|^{q-1}:\quad |x_i|^q-|x_j|^q,\ "
    r"D-1 \text{ of them}",
    source=f"{counts.PAGE} (x₁⋯x_D, q-steepest), page 03 (balance)",
    status="derived here",
    tolerance=counts.EXACT,
    variables={"q": "the exponent of the steepest flow, 1 for sign flow", "D": "the number of factors"},
)
def products_steepest(case, run, formula=lambda size: size - 1):
    """24 pairs of D and q, a third of them with q as a symbol: found, counted, and that they are these powers."""
    told = formula(np.asarray(run["size"]))
    return {name: mf.Comparison(told, np.asarray(run[name])) for name in ("found", "counted", "differences of powers")}


products_steepest.control("one for every pair", formula=lambda size: size * (size - 1) // 2)

# --- sign flow -------------------------------------------------------------------------------------------------------

ALWAYS = [(1, 1, 1), (1, 1, 2), (1, 1, 6), (2, 1, 1), (1, 3, 2), (1, 2, 5), (4, 1, 3), (2, 2, 1), (2, 2, 2), (3, 2, 4)]


@mf.experiment(cases=mf.cases.single())
def sign_flow(case, key):
    """UVᵀ of random sizes under sign flow, at a point where no entry vanishes."""
    with mf.accuracy(1.0) as factor:
        again = round(-np.log10(factor))
    pool = counts.grid(*[range(1, 4)] * 2, range(1, 6), most=18, parameters=lambda n, m, r: r * (n + m))
    sizes = counts.draw(key, ALWAYS, pool)
    found = [
        mf.derive.conservation_laws(models.matrix_factorization(*size), geometry=1.0, degree=2, seed=again)
        for size in sizes
    ]
    ranks = [rank_of_signs(*size, counts.generator(key, i, again)) for i, size in enumerate(sizes)]
    return {
        "sizes": np.array(sizes),
        "found": np.array([len(laws) for laws in found]),
        "counted": np.array([laws.count for laws in found]),
        "left": np.array([(n + m) * r for n, m, r in sizes]) - ranks,
        "counted at three points": np.array([laws.counts for laws in found]),
    }


def rank_of_signs(n, m, r, rng):
    """The rank of sgn(GV), sgn(GᵀU) over G with independent entries, and over pairs on either side of each kink."""
    u, v = rng.standard_normal((n, r)), rng.standard_normal((m, r))
    rows = []
    for side, i, k in [("u", i, k) for i in range(n) for k in range(r)] + [
        ("v", j, k) for j in range(m) for k in range(r)
    ]:
        for _ in range(4):
            g = rng.standard_normal((n, m)) * rng.choice([0.1, 1.0, 10.0], (n, m))
            normal = np.zeros((n, m))
            if side == "u":
                normal[i] = v[:, k]
            else:
                normal[:, i] = u[:, k]
            g -= np.sum(g * normal) / np.sum(normal**2) * normal
            rows += [signs(g + step * normal, u, v) for step in (1e-9, -1e-9)]
    return int(np.linalg.matrix_rank(np.array(rows)))


def signs(g, u, v):
    """The velocity, up to its sign."""
    return np.sign(np.concatenate([(g @ v).ravel(), (g.T @ u).ravel()]))


def local(n, m, r):
    """The page's counts."""
    if n == m == 1:
        return 2 * r - 1
    if m == 1:
        return n * (r - 1)
    return m * (r - 1) if n == 1 else 0


@mf.claim(
    "conservation-laws/sign-flow",
    on=sign_flow,
    statement=r"f=UV^\top,\ \dot\theta=-\mathrm{sgn}\,\nabla, \text{ where no entry vanishes}:\quad "
    r"2r-1 \text{ laws for } n=m=1,\ n(r-1) \text{ for } m=1<n,\ m(r-1) \text{ for } n=1<m,\ 0 \text{ for } n,m\ge2",
    source=f"{counts.PAGE} (linear 2-layer, sign flow)",
    status="derived here",
    tolerance=counts.EXACT,
    variables={"n, m, r": "rows of U, rows of V, their columns"},
)
def sign_flow_counts(case, run, formula=local):
    """24 sizes: found, counted exactly at three points, and the rank of signs in floating point."""
    told = np.array([formula(*map(int, size)) for size in np.asarray(run["sizes"])])
    parts = {name: mf.Comparison(told, np.asarray(run[name])) for name in ("found", "counted", "left")}
    points = np.asarray(run["counted at three points"])
    return parts | {"at all points": mf.Comparison(np.tile(told, (3, 1)).T, points)}


sign_flow_counts.control("those of gradient flow", formula=counts.gram)


@mf.claim(
    "conservation-laws/sign-flow-as-published",
    on=sign_flow,
    statement=r"f=UV^\top,\ \dot\theta=-\mathrm{sgn}\,\nabla:\quad \text{no law but for } n=m=r=1",
    source=f"{counts.PAGE} (linear 2-layer, sign flow), which quotes a published table",
    status="printed",
    expects="refuted",
    erratum=r"At $n=m=1$, $r=2$ the flow keeps $|u_k|-|v_k|$ for $k=1,2$ and a third, wherever no entry vanishes; "
    r"with one of $n, m$ equal to 1 it keeps $\max(n,m)(r-1)$ functions.",
    tolerance=counts.EXACT,
    variables={"n, m, r": "rows of U, rows of V, their columns"},
)
def as_published(case, run, formula=lambda n, m, r: int(n == m == r == 1)):
    """Found laws, size by size."""
    told = [formula(*map(int, size)) for size in np.asarray(run["sizes"])]
    return mf.Comparison(np.array(told), np.asarray(run["found"]))


as_published.control("by n, m and r", formula=local)
