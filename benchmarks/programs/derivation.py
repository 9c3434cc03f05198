"""Laws of one model, found and counted in a fresh process: `derivation.py MODEL`; prints seconds, memory and counts."""

import json
import resource
import sys

import sympy
from measuring import seconds

import mirrorflow as mf

models = mf.derive.models
q = sympy.Symbol("q", positive=True)
power, cosh = mf.potentials.Power(3.0), mf.potentials.Cosh()

# Each row of the table of conservation laws at its largest size of at most 40 parameters, then three larger models.
MODELS = {
    "UVᵀ, n=m=r=4": (lambda: models.matrix_factorization(4, 4, 4), {}),
    "UVᵀ, n=2, m=2, r=10": (lambda: models.matrix_factorization(2, 2, 10), {}),
    "linear 3-3-3-3": (lambda: models.linear_network(3, 3, 3, 3), {}),
    "linear 1-3-3-1": (lambda: models.linear_network(1, 3, 3, 1), {}),
    "linear 1-2-2-2-1": (lambda: models.linear_network(1, 2, 2, 2, 1), {}),
    "ReLU 3-4-4-2": (lambda: models.relu_network(3, 4, 4, 2), {}),
    "ReLU 3-4-3-1, biases": (lambda: models.relu_network(3, 4, 3, 1, biases=True), {}),
    "x₁⋯x₄₀": (lambda: models.diagonal_network(40), {}),
    "x₁⋯x₄₀, q-steepest": (lambda: models.diagonal_network(40), {"geometry": q}),
    "non-negative UVᵀ, n=m=r=4": (lambda: models.nonnegative_factorization(4, 4, 4), {}),
    "UVᵀ, n=m=4, r=5, |θ|³": (lambda: models.matrix_factorization(4, 4, 5), {"metric": power}),
    "UVᵀ, n=m=4, r=5, cosh": (lambda: models.matrix_factorization(4, 4, 5), {"metric": cosh}),
    "convex-input 3-5-4": (lambda: models.input_convex_network(3, 5, 4), {}),
    "UVᵀ, n=m=4, r=5, momentum": (lambda: models.matrix_factorization(4, 4, 5), {"momentum": "heavy-ball"}),
    "ReLU 3-4-2, momentum": (lambda: models.relu_network(3, 4, 2), {"momentum": "heavy-ball"}),
    "attention of width 3": (lambda: models.attention(3), {}),
    "softmax, 5 classes, 8 features": (lambda: models.softmax_layer(5, 8), {}),
    "UVᵀ, n=1, m=4, r=8, sign": (lambda: models.matrix_factorization(1, 4, 8), {"geometry": 1}),
    "UVᵀ, n=m=4, r=5, sign": (lambda: models.matrix_factorization(4, 4, 5), {"geometry": 1}),
    "UVᵀ, n=m=4, r=5, decay": (lambda: models.matrix_factorization(4, 4, 5), {"decay": "decoupled"}),
    "ReLU 5-8-8-1": (lambda: models.relu_network(5, 8, 8, 1), {}),
    "attention of width 6": (lambda: models.attention(6), {}),
    "attention of width 8, 2 heads": (lambda: models.attention(8, 4, heads=2), {}),
}

make, flow = MODELS[sys.argv[1]]
answer = {}
taken = seconds(lambda: answer.update(laws=mf.derive.conservation_laws(make(), **flow)))
laws = answer["laws"]
report = {
    "seconds": taken,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "parameters": len(laws.model.variables),
    "found": len(laws),
    "counted": laws.count,
    "complete": laws.complete,
}
print(json.dumps(report))
