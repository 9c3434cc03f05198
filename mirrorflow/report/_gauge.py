"""One line that shows how far a claim's error is from its tolerance, and its control's from both."""

import math
from typing import Any

WIDTH, HEIGHT, MARGIN = 460, 50, 14
LOW, HIGH = -16, 1


def gauge(record: dict[str, Any]) -> str:
    """An SVG on a logarithmic axis: error with its numerical error, tolerance, and the controls' errors."""
    error, tolerance = record.get("error"), record["tolerance"]["value"]
    doubt, uncertainty = record.get("numerical_error"), record.get("uncertainty")
    if error is None or doubt is None or uncertainty is None:
        return ""
    total = error + doubt + uncertainty
    controls = [control["error"] for control in record["controls"] if control["error"] is not None]
    low, high = _range([error, total, tolerance, *controls])

    def at(value: float) -> float:
        position = (min(max(math.log10(value), low), high) if value > 0 else low) - low
        return MARGIN + (WIDTH - 2 * MARGIN) * position / (high - low)

    parts = [_axis(low, high, at)]
    if tolerance > 0:
        edge = at(tolerance)
        parts.append(f'<rect class="within" x="{MARGIN}" y="12" width="{edge - MARGIN:.1f}" height="12"/>')
        parts.append(f'<path class="tolerance" d="M{edge:.1f} 8V28"><title>tolerance {tolerance:.3g}</title></path>')
    words = f"error {error:.3g}, " + (f"numerical error {total - error:.2g}" if record["refined"] else "not refined")
    parts.append(f'<path class="doubt" d="M{at(error):.1f} 18H{at(total):.1f}M{at(total):.1f} 14V22"/>')
    parts.append(f'<circle class="error" cx="{at(error):.1f}" cy="18" r="4.5"><title>{words}</title></circle>')
    for value in controls:
        x = at(value)
        diamond = f"M{x - 5:.1f} 18L{x:.1f} 13L{x + 5:.1f} 18L{x:.1f} 23Z"
        parts.append(f'<path class="control" d="{diamond}"><title>control: error {value:.3g}</title></path>')
    label = f"{words}, tolerance {tolerance:.3g}" + "".join(f", control {value:.3g}" for value in controls)
    return f'<svg class="gauge" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _range(values: list[float]) -> tuple[int, int]:
    exponents = [math.log10(value) for value in values if value > 0]
    low = max(LOW, math.floor(min(exponents, default=-6)) - 1)
    high = max(HIGH, math.ceil(max(exponents, default=0)))
    return min(low, high - 4), high


def _axis(low: int, high: int, at: Any) -> str:
    step = max(1, math.ceil((high - low) / 8))
    ticks = range(high, low - 1, -step)
    marks = "".join(f"M{at(10.0**k):.1f} 24v4" for k in ticks)
    labels = "".join(
        f'<text x="{at(10.0**k):.1f}" y="42">10<tspan dy="-4" class="power">{str(k).replace("-", "−")}</tspan></text>'
        for k in ticks
    )
    return f'<path class="axis" d="M{MARGIN} 24H{WIDTH - MARGIN}{marks}"/>{labels}'
