"""A chart is numbers first: a table, a drawing made here, and the browser's livelier one on top of both."""

from dataclasses import dataclass, field

from django.utils.html import format_html, format_html_join

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 22, 28
COLOURS = 6
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Series:
    """One row of numbers under a name; `colour` 1–6 sets it apart from its place in the row."""

    name: str
    values: list
    colour: int = 0


@dataclass(frozen=True)
class Chart:
    """Labelled series of one unit. `kind` is bar, stack, rows, line or donut; `urls` opens the list behind a label."""

    title: str
    labels: list
    series: list[Series]
    unit: str = ""
    kind: str = "bar"
    urls: list = field(default_factory=list)
    code: str = "chart"

    @property
    def rows(self):
        """The table: label, its link, one cell for each series."""
        for index, label in enumerate(self.labels):
            url = self.urls[index] if index < len(self.urls) else ""
            yield label, url, [(s.name, s.values[index]) for s in self.series]

    @property
    def legend(self):
        """The colours and the names behind them."""
        if self.kind == "donut":
            return [(i % COLOURS + 1, label) for i, label in enumerate(self.labels)]
        return [(_colour(s, n), s.name) for n, s in enumerate(self.series)]

    @property
    def is_empty(self) -> bool:
        return not any(value for s in self.series for value in s.values)

    @property
    def data(self) -> dict:
        """What the browser's chart is told."""
        return {
            "kind": self.kind,
            "unit": str(self.unit),
            "labels": [str(label) for label in self.labels],
            "series": [
                {"name": str(s.name), "values": [_plain(v) for v in s.values], "colour": _colour(s, n)}
                for n, s in enumerate(self.series)
            ],
            "urls": [str(url) for url in self.urls],
        }

    @property
    def drawing(self):
        """The same numbers as SVG, without a style attribute, so that a strict policy lets it be."""
        return {"line": _lines, "donut": _shares, "rows": _rows}.get(self.kind, _bars)(self)


def _plain(value):
    """A number as JSON knows it."""
    return value if isinstance(value, int) else float(value or 0)


def _colour(series: Series, place: int) -> int:
    return series.colour or place % COLOURS + 1


def ceiling(highest: float) -> float:
    """The round number an axis ends at: 1, 2, 2.5 or 5 times a power of ten, never below `highest`."""
    if highest <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= highest:
        power *= 10
    while power > highest:
        power /= 10
    return next(step * power for step in STEPS if step * power >= highest)


def compact(value: float) -> str:
    """A number short enough for an axis."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:,.2f}".rstrip("0")


def _axis(top):
    lines = []
    for step in range(5):
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * step / 4
        lines.append(
            (LEFT, WIDTH - RIGHT, f"{y:.1f}", f"{y:.1f}", LEFT - 6, f"{y + 4:.1f}", compact(top * step / 4))
        )
    return format_html_join(
        "",
        '<line class="chart-grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        lines,
    )


def _captions(labels, band):
    step = max(1, -(-len(labels) // 8))
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{LEFT + band * (i + 0.5):.1f}", HEIGHT - 9, label)
            for i, label in enumerate(labels)
            if i % step == 0
        ),
    )


def _frame(top, labels, band, marks):
    return format_html("{}{}{}", _axis(top), marks, _captions(labels, band))


def _bars(chart):
    is_stack = chart.kind == "stack"
    values = [[float(v or 0) for v in s.values] for s in chart.series]
    columns = list(zip(*values, strict=True))
    top = ceiling(max((sum(c) if is_stack else max(c) for c in columns), default=0))
    band = (WIDTH - LEFT - RIGHT) / max(1, len(chart.labels))
    scale = (HEIGHT - TOP - BOTTOM) / top
    width = min(44.0, band * 0.62 / (1 if is_stack else max(1, len(values))))
    bars = []
    for i, column in enumerate(columns):
        x = LEFT + band * (i + 0.5) - width * (1 if is_stack else len(values)) / 2
        y = float(HEIGHT - BOTTOM)
        for n, value in enumerate(column):
            height = value * scale
            if is_stack:
                y -= height
            left, upper = (x, y) if is_stack else (x + width * n, HEIGHT - BOTTOM - height)
            bars.append(
                (_colour(chart.series[n], n), f"{left:.1f}", f"{upper:.1f}", f"{width:.1f}", f"{height:.1f}")
            )
    marks = format_html_join(
        "", '<rect class="series-{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>', bars
    )
    return _frame(top, chart.labels, band, marks)


def _lines(chart):
    top = ceiling(max((float(v or 0) for s in chart.series for v in s.values), default=0))
    band = (WIDTH - LEFT - RIGHT) / max(1, len(chart.labels))
    scale = (HEIGHT - TOP - BOTTOM) / top
    paths = []
    for n, series in enumerate(chart.series):
        points = (
            f"{LEFT + band * (i + 0.5):.1f},{HEIGHT - BOTTOM - float(v or 0) * scale:.1f}"
            for i, v in enumerate(series.values)
        )
        paths.append((_colour(series, n), " ".join(points)))
    marks = format_html_join("", '<polyline class="chart-line series-{}" points="{}"/>', paths)
    return _frame(top, chart.labels, band, marks)


def _rows(chart):
    """Lying bars, for names too long to stand under a column."""
    columns = list(zip(*[[float(v or 0) for v in s.values] for s in chart.series], strict=True))
    top = ceiling(max((sum(c) for c in columns), default=0))
    start, band = 150, (HEIGHT - 8) / max(1, len(columns))
    scale = (WIDTH - start - 56) / top
    bars, words = [], []
    for i, column in enumerate(columns):
        x, y = float(start), 4 + band * i
        for n, value in enumerate(column):
            bars.append(
                (
                    _colour(chart.series[n], n),
                    f"{x:.1f}",
                    f"{y + band * 0.2:.1f}",
                    f"{value * scale:.1f}",
                    f"{band * 0.6:.1f}",
                )
            )
            x += value * scale
        words.append(
            (start - 8, f"{y + band / 2 + 4:.1f}", chart.labels[i], f"{x + 6:.1f}", compact(sum(column)))
        )
    return format_html(
        "{}{}",
        format_html_join("", '<rect class="series-{}" x="{}" y="{}" width="{}" height="{}"/>', bars),
        format_html_join(
            "",
            '<text x="{0}" y="{1}" text-anchor="end">{2}</text><text class="chart-number" x="{3}" y="{1}">{4}</text>',
            words,
        ),
    )


def _shares(chart):
    """A ring of shares; 100 of its path's length is the whole."""
    values = [float(v or 0) for v in chart.series[0].values] if chart.series else []
    total = sum(values) or 1.0
    turned, rings = 0.0, []
    for i, value in enumerate(values):
        share = value * 100 / total
        rings.append((i % COLOURS + 1, f"{share:.3f}", f"{100 - share:.3f}", f"{25 - turned:.3f}"))
        turned += share
    return format_html(
        '<g transform="translate(280 120)">{}<text class="chart-value" text-anchor="middle" y="4">{}</text></g>',
        format_html_join(
            "",
            '<circle class="chart-ring series-{}" r="80" pathLength="100" stroke-width="34" '
            'stroke-dasharray="{} {}" stroke-dashoffset="{}"/>',
            rings,
        ),
        format_html("{} {}", compact(sum(values)), chart.unit),
    )
