"""Page 04 on real data that ships with a package: breast cancer, and handwritten digits 3 against 5."""

import functools

import jax
import numpy as np

import mirrorflow as mf

from .max_margin import PUBLISHED, VARIABLES, best_of, followed

SAMPLES, FEATURES = 40, 30


@functools.cache
def tables():
    """30 features of mean 0 and variance 1 and labels ±1, by data set; of the digits the pixels that vary most."""
    try:
        from sklearn.datasets import load_breast_cancer, load_digits
    except ImportError as error:  # pragma: no cover
        raise ImportError("The data ship with scikit-learn: pip install 'mirrorflow[data]'.") from error
    cancer, benign = load_breast_cancer(return_X_y=True)
    images, digit = load_digits(return_X_y=True)
    chosen = (digit == 3) | (digit == 5)
    return {
        "breast cancer": (_standardized(cancer), np.where(benign == 1, 1.0, -1.0)),
        "digits 3 and 5": (_standardized(_varying(images[chosen])), np.where(digit[chosen] == 3, 1.0, -1.0)),
    }


def sampled(name, key):
    """40 patients or images, drawn by `key`; rows over √features."""
    features, labels = tables()[name]
    rows = np.asarray(jax.random.choice(key, len(labels), (SAMPLES,), replace=False))
    return mf.problems.Classification(features[rows] / np.sqrt(features.shape[1]), labels[rows])


def _standardized(columns):
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


def _varying(columns):
    return columns[:, np.sort(np.argsort(-columns.std(axis=0), kind="stable")[:FEATURES])]


@mf.experiment(cases=mf.cases.grid(data=("breast cancer", "digits 3 and 5"), p=(1.5, 2.0, 3.0)), slow=True)
def measured(case, key):
    """Powers to log t=1e5 on a sub-sample, which a plane separates."""
    return followed(sampled(case.data, key), mf.potentials.Power(case.p))


@mf.claim(
    "max-margin/real-data",
    on=measured,
    statement=r"\gamma(x_t) \to \gamma^* \text{ and } x_t/\|x_t\|_p \to x^*: "
    r"\text{ breast cancer, and digits 3 against 5}",
    source=PUBLISHED + " (characterization)",
    status="published",
    tolerance=mf.tolerance(0.02, because="the direction of p=3/2 is of order (log t)^{−1/2} = 3e-3 away at log t=1e5"),
    figure="real-margins",
    variables=VARIABLES,
)
def real_data(case, path, exponent=lambda p: p):
    """Margin and direction at log t=1e5 against the convex program's."""
    p = exponent(case.p)
    horizon, best = mf.potentials.Lp(p), best_of(path, p)
    reached = np.asarray(mf.observe.direction(path, horizon))[-1]
    return {
        "margin": mf.Comparison(predicted=best.margin, measured=np.asarray(mf.observe.margin(path, horizon))[-1]),
        "direction": mf.Comparison(predicted=best.direction, measured=reached),
    }


real_data.control("another exponent: 2 for 3, 3 for the others", exponent=lambda p: 2.0 if p == 3 else 3.0)
