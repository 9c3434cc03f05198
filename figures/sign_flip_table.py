r"""The table of the single neuron in $d=1$, from $|a_0|=|w_0|=\frac12$.

Each cell has the loss along one path to $t=40$ (the dotted line is ¼, the loss of a dead neuron) and is shaded by what
is measured at the end, grey for failure; the word is what is predicted. Only $\beta=(1,\frac12)$, the larger balance on
$a$, repairs $a<0$, and nothing repairs $w<0$. Where the balances are equal, $a_0=-w_0$ lies on the separatrix and the
flow ends at the saddle.
"""

import numpy as np

import mirrorflow as mf
from mirrorflow import plotting
from mirrorflow.content.checks._neurons import LEARNED
from mirrorflow.content.checks.sign_flips_line import ROWS, TABLE, table
from mirrorflow.content.figures._labels import TIME
from mirrorflow.content.figures._outcomes import SHADES

EXPERIMENTS = [table]
CLAIMS = ["sign-flips/table"]


def draw(data):
    figure, axes = plotting.canvas(4, 4, height=4.6, sharex=True, sharey=True)
    for row, (name, start) in enumerate(ROWS.items()):
        for column, (flow, balances) in enumerate(TABLE.items()):
            axis, path = axes[row, column], data[table].only(flow=flow, row=name)
            loss = np.asarray(path.loss)
            told = mf.predict.sign_flip(np.array(start), balances)
            measured = loss[-1] <= LEARNED
            axis.set_facecolor(SHADES[int(measured) * (2 if start[0] < 0 else 1)])
            axis.plot(path.time, loss, color="black", linewidth=1.2)
            axis.axhline(0.25, color="black", linewidth=0.7, linestyle=":")
            axis.text(38, 0.42, "succeeds" if bool(told.succeeds) else "fails", ha="right", va="center", fontsize=8)
            axis.set(xlim=(0, 40), ylim=(0, 0.5))
            axis.grid(False)
            if row == 0:
                axis.set_title(
                    "$" + flow.replace("β", r"\beta").replace("½", r"\frac{1}{2}") + "$" if "β" in flow else flow
                )
            if column == 0:
                axis.set_ylabel(f"${name}$".replace(">", r"\!>\!").replace("<", r"\!<\!"))
    figure.supxlabel(TIME, fontsize=9)
    figure.supylabel("loss $L$ (¼ for a dead neuron)", fontsize=9)
    return figure


if __name__ == "__main__":
    plotting.main()
