r"""Low-rank adaptation and attention remember when decay was spent, not its sum alone.

Decay 0.8 until $t=1$ against 0.4 until $t=2$ (grey), for $W_0+BA$ fitted to 40 measurements of a change of rank 1 and
for a softmax layer $K^TQ$: the distance of the two $X_t$, in units of what half of the decay would change in the end.
The layer still moves at $t=400$.
"""

from mirrorflow import plotting
from mirrorflow.content.checks.matrices_storage import OTHERS, elsewhere
from mirrorflow.content.figures._labels import TIME
from mirrorflow.content.figures.matrix_storage import apart

EXPERIMENTS = [elsewhere]
CLAIMS = ["matrices/storage-elsewhere"]
LABELS = ("$W_0+BA$", "$K^TQ$")


def draw(data):
    figure, axis = plotting.canvas(width=plotting.SINGLE * 1.2, height=2.6)
    for kind, label, look in zip(OTHERS, LABELS, plotting.looks(len(OTHERS)), strict=True):
        time, distance = apart(data[elsewhere], kind)
        axis.loglog(time, distance, color=look["color"], linestyle=look["linestyle"], label=label)
    axis.axvline(2.0, color="0.6", linewidth=0.7)
    axis.set(xlabel=TIME, ylabel="distance of equal decay", ylim=(1e-2, 30))
    axis.legend()
    return figure


if __name__ == "__main__":
    plotting.main()
