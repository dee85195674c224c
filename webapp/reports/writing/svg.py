"""Draws a chart as SVG, and describes it as text. Colours are attributes, because pages allow no inline styles."""

import math
from collections.abc import Sequence
from xml.sax.saxutils import escape

from webapp.reports.writing.charts import Chart

WIDTH, HEIGHT = 760.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 76.0, 12.0, 34.0, 62.0
PALETTE = ("#3b6fd4", "#e08a2e", "#2f9e6e", "#b3529c", "#7a6ad8", "#8a8f98", "#c9503f", "#4aa3b5")
_LONGEST_LABEL = 18


def svg(chart: Chart) -> str:
    """Returns the drawing, with `role="img"` and `description` as its name."""
    body = _pie(chart) if chart.kind == "pie" else _axes(chart)
    name = escape(description(chart), {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{name}" '
        f'font-family="Libertinus Serif, system-ui, sans-serif" font-size="13" fill="currentColor">{body}</svg>'
    )


def description(chart: Chart) -> str:
    """Returns “Bars: Amount by Region. Highest: East, 2,551,151.08. Lowest: North, 2,457,622.72.”"""
    kind = {"bar": "Bars", "stacked": "Stacked bars", "line": "Lines", "pie": "Pie"}[chart.kind]
    text = f"{kind}: {', '.join(chart.names)}" + (f" by {chart.of}" if chart.of else "") + "."
    for name, values in chart.series[:2]:
        known = [(value, label) for value, label in zip(values, chart.labels, strict=True) if value is not None]
        if known:
            (high, top), (low, bottom) = max(known), min(known)
            of = f" {name}" if len(chart.series) > 1 else ""
            text += f" Highest{of}: {top}, {_number(high)}. Lowest{of}: {bottom}, {_number(low)}."
    return text + (
        f" The first {len(chart.labels):,} of {len(chart.labels) + chart.cut:,} are drawn." if chart.cut else ""
    )


def _number(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def _axes(chart: Chart) -> str:
    stacked = chart.kind == "stacked"
    low, high = _span(chart, stacked)
    step = _step(high - low)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    parts = [_legend(chart.names)]
    for tick in range(round((high - low) / step) + 1):
        value = low + tick * step
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" '
            f'stroke-opacity="{0.5 if value == 0 else 0.14}"/>'
            f'<text x="{LEFT - 8:g}" y="{y + 4:.1f}" text-anchor="end">{_short(value, step)}</text>'
        )
    draw = _line if chart.kind == "line" else _bars
    return "".join([*parts, draw(chart, low, high), _labels(chart)])


def _span(chart: Chart, stacked: bool) -> tuple[float, float]:
    """Returns the least and the greatest value on the axis; zero is always included."""
    columns = [[values[position] or 0 for _, values in chart.series] for position in range(len(chart.labels))]
    if stacked:
        ends = [(sum(v for v in column if v < 0), sum(v for v in column if v > 0)) for column in columns]
    else:
        ends = [(min(column), max(column)) for column in columns]
    low, high = min(0.0, *(end[0] for end in ends)), max(0.0, *(end[1] for end in ends))
    return (low, high) if high > low else (0.0, 1.0)


def _step(span: float) -> float:
    """Returns a round distance between two grid lines, so that there are about five."""
    raw = span / 5
    power = 10.0 ** math.floor(math.log10(raw))
    return next((round_one * power for round_one in (1, 2, 2.5, 5) if round_one * power >= raw), 10 * power)


def _short(value: float, step: float) -> str:
    for size, letter in ((1e9, " bn"), (1e6, " m")):
        if abs(value) >= size:
            return f"{value / size:,.4g}{letter}"
    points_drawn = max(0, -math.floor(math.log10(step))) if step < 1 else 0
    return f"{value:,.{points_drawn}f}"


def _x(position: float, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * position / count


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)


def _bars(chart: Chart, low: float, high: float) -> str:
    count, side = len(chart.labels), 1 if chart.kind == "stacked" else len(chart.series)
    width = (WIDTH - LEFT - RIGHT) / count * 0.76 / side
    drawn = []
    for position in range(count):
        above = below = 0.0
        for number, (name, values) in enumerate(chart.series):
            value = values[position]
            if value is None:
                continue
            base = (above if value >= 0 else below) if chart.kind == "stacked" else 0.0
            above, below = (above + value, below) if value >= 0 else (above, below + value)
            x = _x(position + 0.12, count) + (0 if side == 1 else number * width)
            top, bottom = sorted((_y(base, low, high), _y(base + value, low, high)))
            title = escape(f"{chart.labels[position]}, {name}: {_number(value)}")
            drawn.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{max(width - 1, 0.5):.1f}" '
                f'height="{max(bottom - top, 0.5):.1f}" '
                f'fill="{_colour(number)}"><title>{title}</title></rect>'
            )
    return "".join(drawn)


def _line(chart: Chart, low: float, high: float) -> str:
    count = len(chart.labels)
    drawn = []
    for number, (_, values) in enumerate(chart.series):
        points_drawn = [
            (_x(position + 0.5, count), _y(value, low, high))
            for position, value in enumerate(values)
            if value is not None
        ]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in points_drawn)
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{_colour(number)}" stroke-width="2.5"/>')
        if len(points_drawn) <= 40:
            drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_colour(number)}"/>' for x, y in points_drawn]
    return "".join(drawn)


def _labels(chart: Chart) -> str:
    """Draws the labels below the bars: horizontal if they fit, else at an angle, with some left out."""
    count = len(chart.labels)
    space = (WIDTH - LEFT - RIGHT) / count
    slanted = max(map(len, chart.labels), default=0) * 6.5 > space
    every = max(1, math.ceil(16 / space)) if slanted else 1
    drawn = []
    for position in range(0, count, every):
        x, y = _x(position + 0.5, count), HEIGHT - BOTTOM + 18
        text = escape(_cut(chart.labels[position]))
        turn = f' transform="rotate(-32 {x:.1f} {y - 4:.1f})" text-anchor="end"' if slanted else ' text-anchor="middle"'
        drawn.append(f'<text x="{x:.1f}" y="{y - 4 if slanted else y:.1f}"{turn}>{text}</text>')
    return "".join(drawn)


def _legend(names: Sequence[str], x: float = LEFT, y: float = 14, down: bool = False) -> str:
    drawn = []
    for number, name in enumerate(names):
        label = _cut(name) if not down else name
        drawn.append(
            f'<rect x="{x:.1f}" y="{y - 10:.1f}" width="11" height="11" rx="2" fill="{_colour(number)}"/>'
            f'<text x="{x + 17:.1f}" y="{y:.1f}">{escape(label)}</text>'
        )
        x, y = (x, y + 24) if down else (x + 30 + len(label) * 7, y)
    return "".join(drawn)


def _pie(chart: Chart) -> str:
    values = [value or 0 for value in chart.series[0][1]]
    total = sum(values)
    if not total:
        return f'<text x="{WIDTH / 2:g}" y="{HEIGHT / 2:g}" text-anchor="middle">Nothing to draw</text>'
    radius, cx, cy = 150.0, 200.0, HEIGHT / 2
    drawn, angle = [], -math.pi / 2
    for number, value in enumerate(values):
        turn = 2 * math.pi * value / total
        drawn.append(_slice(cx, cy, radius, angle, min(turn, 2 * math.pi - 1e-4), _colour(number)))
        angle += turn
    named = [
        f"{_cut(label)}: {_number(value)} ({value / total:.0%})"
        for label, value in zip(chart.labels, values, strict=True)
    ]
    return "".join(drawn) + _legend(named, 400, cy - len(named) * 12 + 14, down=True)


def _slice(cx: float, cy: float, radius: float, angle: float, turn: float, colour: str) -> str:
    x1, y1 = cx + radius * math.cos(angle), cy + radius * math.sin(angle)
    x2, y2 = cx + radius * math.cos(angle + turn), cy + radius * math.sin(angle + turn)
    large = 1 if turn > math.pi else 0
    return (
        f'<path d="M{cx:g} {cy:g}L{x1:.2f} {y1:.2f}A{radius:g} {radius:g} 0 {large} 1 {x2:.2f} {y2:.2f}Z" '
        f'fill="{colour}" stroke="white" stroke-opacity="0.6"/>'
    )


def _colour(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"
