"""LaTeX's names of symbols and the characters they stand for."""

_NAMES = r"""
alpha α  beta β  gamma γ  delta δ  epsilon ϵ  varepsilon ε  zeta ζ  eta η  theta θ  iota ι  kappa κ  lambda λ  mu μ
nu ν  xi ξ  pi π  rho ρ  sigma σ  tau τ  upsilon υ  phi ϕ  varphi φ  chi χ  psi ψ  omega ω  Gamma Γ  Delta Δ  Theta Θ
Lambda Λ  Xi Ξ  Pi Π  Sigma Σ  Phi Φ  Psi Ψ  Omega Ω  nabla ∇  partial ∂  infty ∞  ell ℓ  odot ⊙  cdot ·  times ×
pm ±  mp ∓  le ≤  leq ≤  ge ≥  geq ≥  ne ≠  neq ≠  approx ≈  sim ∼  propto ∝  equiv ≡  to →  rightarrow →  mapsto ↦
iff ⇔  implies ⇒  Rightarrow ⇒  in ∈  notin ∉  subset ⊂  cup ∪  cap ∩  sum ∑  prod ∏  int ∫  sqrt √  langle ⟨
rangle ⟩  lVert ‖  rVert ‖  Vert ‖  | ‖  lvert |  rvert |  mid |  dots …  ldots …  cdots ⋯  star ⋆  ast ∗  top ⊤
perp ⊥  forall ∀  exists ∃  emptyset ∅  prime ′  ll ≪  gg ≫  succeq ⪰  succ ≻  circ ∘  colon :  coloneqq ≔  oplus ⊕
otimes ⊗  wedge ∧  vee ∨  neg ¬  dagger †  hbar ħ  setminus ∖  lceil ⌈  rceil ⌉  lfloor ⌊  rfloor ⌋
"""
_WORDS = _NAMES.split()
_SPACES = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "quad": "   ", "qquad": "    ", "\\": "; "}

SYMBOLS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)) | _SPACES
BLACKBOARD = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "C": "ℂ", "Q": "ℚ", "E": "𝔼", "P": "ℙ"}
ABOVE = {"dot": 0x307, "ddot": 0x308, "hat": 0x302, "widehat": 0x302, "bar": 0x304, "overline": 0x304, "tilde": 0x303}
SUPERSCRIPTS = dict(zip("0123456789+-−=()niaxtpTkmLj⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱᵃˣᵗᵖᵀᵏᵐᴸʲᵀ′", strict=True))
SUBSCRIPTS = dict(zip("0123456789+-−=()aeijklmnoprstuvxρ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵨ", strict=True))
_SILENT = "left right big Big bigl bigr Bigl Bigr bigg displaystyle textstyle limits nolimits"
_SPACED = "log exp sinh cosh tanh min max to iff implies le ge leq geq neq ne approx in mapsto propto sim"
SILENT, SPACED = set(_SILENT.split()), set(_SPACED.split())
