"""The proof that a flow is no mirror flow."""

import sympy

from ..flows import NotAMirrorFlow


class ProvedNotAMirrorFlow(NotAMirrorFlow):
    """The flow is not a mirror flow: `witness` is an expression that would have to vanish, and does not."""

    def __init__(self, message: str, witness: sympy.Expr):
        super().__init__(f"{message} Witness: {witness}.")
        self.witness = witness
