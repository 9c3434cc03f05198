"""From ℓ2 to ℓ1 by scale and decay: the limit of a flow on m⊙w, live, against the predicted one."""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="From ℓ2 to ℓ1 by scale and decay")

with app.setup:
    import marimo as mo

    import mirrorflow as mf
    from mirrorflow.content.demos import _panels as panels
    from mirrorflow.content.demos import _scale_and_decay as flows

    mf.enable_compile_cache()
    mf.enable_float64()


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    # From $\ell_2$ to $\ell_1$ by scale and decay

    Write $x = m\odot w$ and follow the gradient flow of $\tfrac12\|Ax-b\|^2+\alpha_t(\|m\|^2+\|w\|^2)$ from $x_0=0$,
    with fewer equations than unknowns. Of all solutions of $Ax=b$ it finds the one that minimizes a potential
    $R_{\rho}$, and the only number that chooses it is $\rho_\infty=\tfrac12(m_0^2-w_0^2)\,e^{-4\int\alpha}$.
    """)
    return


@app.cell(hide_code=True)
def _():
    scale = mo.ui.slider(
        -3, 1, 0.1, value=0, label=r"scale, $\log_{10}(m_0^2-w_0^2)$", show_value=True, full_width=True
    )
    strength = mo.ui.slider(0, 1, 0.05, value=0.4, label=r"decay $\alpha$", show_value=True, full_width=True)
    switch = mo.ui.slider(0.1, 1, 0.05, value=1, label="off at time", show_value=True, full_width=True)
    sample = mo.ui.slider(1, len(flows.SEEDS), value=1, label="data set", show_value=True, full_width=True)
    return sample, scale, strength, switch


@app.cell(hide_code=True)
def _(sample, scale, strength, switch):
    mo.hstack([scale, strength, switch, sample], widths=[1.4, 1, 1, 1], gap=1.5, align="end", wrap=True)
    return


@app.cell(hide_code=True)
def _():
    with mo.status.spinner("Compiling the flows, which is done once …"):
        flows.warm()
        pictures = panels.Pictures()
    return (pictures,)


@app.cell(hide_code=True)
def _(sample, scale, strength, switch):
    seed = flows.SEEDS[sample.value - 1]
    setting = {"balance": 10.0**scale.value, "strength": strength.value, "switch": switch.value}
    two = flows.run(flows.picture(), **setting)
    twelve = flows.run(flows.data(seed), **setting)
    return seed, twelve, two


@app.cell(hide_code=True)
def _(twelve):
    mo.Html(panels.STYLE + panels.numbers(twelve))
    return


@app.cell(hide_code=True)
def _(pictures, seed, twelve, two):
    mo.Html(pictures(two, twelve, seed))
    return


@app.cell(hide_code=True)
def _():
    mo.md(r"""
    ## What to see, and what to try

    - **The scale alone.** Set the decay to 0 and move the scale. A large $\rho$ makes the level lines of $R_\rho$ in
      (a) round, and the flow ends near the solution of least $\|x\|_2$; a small $\rho$ makes them a diamond, and it
      ends near the solution of least $\|x\|_1$, which here is the sparse truth.
    - **Decay instead.** Back at scale 0, raise the decay. While it lasts, it pulls $x_t$ away from the solutions and
      shrinks $\rho_t$, below in (b). When it is switched off, $x_t$ goes to a solution, but $\rho$ does not come back:
      the decay is *stored*. In (d) the limit has moved from the diamond along the curve towards least $\|x\|_1$.
    - **Only the product counts.** $\alpha=0.5$ until $t=1$ and $\alpha=1$ until $t=\tfrac12$ take different paths to
      the same limit. So does no decay at all from a scale that is smaller by $4\int\alpha/\log 10\approx 0.87$.
    - **It costs time.** The smaller $\rho_\infty$, the longer the flow takes: see the time axis of (b).

    Nothing here is drawn from the theory but the black: rings, dashes and level lines. The flow is integrated anew for
    every position of the sliders.
    """)
    return


@app.cell(hide_code=True)
def _():
    mo.accordion(
        {
            "Why: the flow is a mirror flow whose potential changes": mo.md(r"""
    With $A_t=\int_0^t\alpha$ the balance is $m_t^2-w_t^2=(m_0^2-w_0^2)e^{-4A_t}=2\rho_t$, and

    $$R_\rho(x)=\tfrac12\sum_i\Big[x_i\,\mathrm{asinh}\frac{x_i}{\rho}-\sqrt{x_i^2+\rho^2}\Big],\qquad
    \nabla R_{\rho_t}(x_t)=-\int_0^t\nabla f(x_s)\,ds\in\mathrm{range}(A^T).$$

    At rest $Ax_\infty=b$ and $\nabla R_{\rho_\infty}(x_\infty)\in\mathrm{range}(A^T)$: these are the conditions of
    $x_\infty=\arg\min\{R_{\rho_\infty}(x):Ax=b\}$, which Newton's method solves without any flow. (*Mirror, Mirror of
    the Flow*, arXiv:2504.12883, with its constant corrected; *Mask in the Mirror*, arXiv:2408.09966.)
    """),
            "How: the same in a program": mo.md(r"""
    ```python
    flow = mf.Flow(
        problem,
        reparameterization=mf.reparameterizations.Hadamard(depth=2),
        decay=mf.decay.Coupled(mf.schedules.switch_off(0.4, at=1.0)),
    )
    start = flow.lift(x=np.zeros(12), balance=1.0)
    path = mf.integrate(flow, start, until=mf.until.stationary(1e-7), clock=mf.clocks.Log(), save=120)
    limit = mf.predict.limit(flow, start)  # without integrating
    print(path.status, abs(path.x[-1] - limit.x).max())
    ```
    """),
        }
    )
    return


if __name__ == "__main__":
    app.run()
