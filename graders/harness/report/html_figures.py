"""Figures as the HTML report draws them: places in per cent, and words for each.

The template draws them, as SVG whose places are shares of its width: so text stays as
large as all other text on a narrow screen, and colours are the page's, light or dark.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from graders.harness.drawing import error_map
from graders.harness.report.html_timeline import duration, timeline_view

View = dict[str, Any]

_SMALLEST_WIDTH = 160  # pixels: a picture of a few is enlarged, so that they show
_HEATMAP_SIDE = 288  # pixels
_LEAST_SIDE = 24
_RATIO_FIELDS = {"ratio", "low", "high", "threshold", "pairs"}
_PAIR = 2
_BASE64 = re.compile("[A-Za-z0-9+/]+={0,2}")
_METRICS = {
    "device_time": "time for which the GPU is busy",
    "end_to_end": "time until the GPU is idle",
}
_ANSWERS = {
    "above": "All of the interval lies above what is needed.",
    "below": "All of the interval lies below what is needed.",
    "inconclusive": "What is needed lies within the interval: credit is given.",
}


def figure_view(figure: object) -> View | None:
    """
    Return what the template draws of a figure (``checks.figures``).

    None for what is no figure, or none of a kind that is known here: a report may come
    from another version, and no figure is worth a report.
    """
    kind = figure.get("kind") if isinstance(figure, Mapping) else None
    view = _VIEWS.get(str(kind))
    try:
        return view(figure) if view is not None else None
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def ratio_views(details: Mapping[str, Any]) -> list[View]:
    """Return the measured time ratios among a check's details (``measure.ratio``)."""
    return [
        _ratio(name, value)
        for name, value in details.items()
        if isinstance(value, dict) and value.keys() >= _RATIO_FIELDS
    ]


def amount(number: object) -> str:
    """Return a number with three digits."""
    if not isinstance(number, int | float) or not math.isfinite(number):
        return "no number"
    return f"{number:,.0f}" if 1000 <= abs(number) < 1e9 else f"{number:.3g}"  # noqa: PLR2004


def image_view(figure: Mapping[str, Any]) -> View | None:
    """Return what is drawn of a picture; None if there is no PNG in it."""
    if not _BASE64.fullmatch(figure["png"]):
        return None
    factor = max(1, round(_SMALLEST_WIDTH / max(figure["width"], 1)))
    return {
        "kind": "image",
        "label": figure["label"],
        "case": figure.get("case", ""),
        "uri": f"data:image/png;base64,{figure['png']}",
        "alt": figure["alt"],
        "width": figure["width"] * factor,
        "height": figure["height"] * factor,
        "scale": _scale(figure),
        "has_gaps": bool(figure.get("not_finite")),
        "bytes": len(figure["png"]),
    }


def _scale(figure: Mapping[str, Any]) -> list[str] | None:
    """Return the ends of the colours' scale; None where there is nothing on it."""
    top = _finite((figure.get("scale") or (0, 0))[1])
    return ["0", amount(top)] if top else None


def _heatmap(figure: Mapping[str, Any]) -> View | None:
    grid = np.array(figure["grid"], dtype=np.float64)  # None becomes NaN
    if grid.ndim != _PAIR or not grid.size:
        return None
    png = error_map(grid, _finite(figure["scale"][1]))
    rows, columns = grid.shape
    cell = max(1, _HEATMAP_SIDE // max(rows, columns))
    lengths = [figure["shape"][axis] for axis in figure["axes"]]
    height, width = [1] * (_PAIR - len(lengths)) + lengths
    label = figure["label"]
    return {
        "kind": "heatmap",
        "label": label,
        "case": figure.get("case", ""),
        "uri": f"data:image/png;base64,{png.data}",
        "alt": f"Map of the error of {label}, {rows} x {columns} cells, brightest where "
        "it is largest.",
        "width": max(columns * cell, _LEAST_SIDE),
        "height": max(rows * cell, _LEAST_SIDE),
        "last": [height - 1, width - 1],
        "scale": _scale(figure),
        "mark": _mark(figure, (rows, columns)),
        "said": list(_said(figure)),
        "has_gaps": bool(np.isnan(grid).any()),
        "bytes": len(png.data),
    }


def _finite(value: object) -> float:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number else 0.0  # type: ignore[arg-type]


def _mark(figure: Mapping[str, Any], cells: tuple[int, int]) -> list[float]:
    """Return where the worst element is, in per cent from the top and from the left."""
    places = [figure["at"][axis] for axis in figure["axes"]]
    places = [0] * (_PAIR - len(places)) + places
    return [
        round(100 * (place // block + 0.5) / count, 2)
        for place, block, count in zip(places, figure["block"], cells, strict=True)
    ]


def _said(figure: Mapping[str, Any]) -> Iterable[str]:
    shape = " x ".join(str(n) for n in figure["shape"])
    rows, columns = figure["block"]
    if rows * columns > 1:
        yield f"Each cell is the largest error of {rows} x {columns} elements."
    if len(figure["shape"]) > len(figure["axes"]):
        index = (
            ":" if axis in figure["axes"] else str(at)
            for axis, at in enumerate(figure["at"])
        )
        yield f"Shown is [{', '.join(index)}] of {shape} elements."
    if count := figure.get("not_finite"):
        yield f"NaN or infinite: {count:,} of the elements."
    largest, limit = _finite(figure.get("largest")), _finite(figure.get("limit"))
    if largest:
        allowed = f"; up to {amount(limit)} is rounding" if limit else ""
        yield f"The largest error is {amount(largest)}{allowed}."


def _ratio(name: str, ratio: Mapping[str, Any]) -> View:
    value, low = _finite(ratio["ratio"]), _finite(ratio["low"])
    threshold = _finite(ratio["threshold"])
    high = ratio["high"]
    is_open = not isinstance(high, int | float) or not math.isfinite(high)
    most = max(value, low, threshold, 0.0 if is_open else high, 1e-9) * 1.12
    end = most if is_open else high
    other = ratio.get("other") or "the other program"
    told = " ".join(name.split("_")[1:])
    return {
        "label": f"Times as fast as {other}{f', {told}' if told else ''}",
        "metric": _METRICS.get(str(ratio.get("metric")), ""),
        "value": amount(value),
        "interval": f"{amount(low)} to {'any' if is_open else amount(high)}",
        "threshold": amount(threshold),
        "pairs": ratio["pairs"],
        "answer": ratio.get("answer", ""),
        "said": ratio.get("credited") or _ANSWERS.get(str(ratio.get("answer")), ""),
        "times": _times(ratio.get("samples") or (), other),
        "clocks": _clocks(ratio.get("clocks")),
        "at": {
            "value": _share(value, most),
            "low": _share(low, most),
            "high": _share(end, most),
            "width": _share(end - low, most),
            "threshold": _share(threshold, most),
        },
    }


def _times(samples: Sequence[Any], other: str) -> str:
    pairs = [s for s in samples if len(s) == _PAIR and None not in s]
    if not pairs:
        return ""
    own, others = (statistics.median(float(s[i]) for s in pairs) for i in (0, 1))
    return f"A round of yours took {duration(own)}, of {other} {duration(others)}."


def _clocks(found: object) -> str:
    """Return the GPU's clock while it was timed, or why it is not known."""
    if not isinstance(found, Mapping):
        return ""
    readings = [r for r in found.get("readings") or () if isinstance(r, Mapping)]
    seen, most = (
        [r[name] for r in readings if isinstance(r.get(name), int)]
        for name in ("sm_clock_mhz", "sm_clock_max_mhz")
    )
    if not seen:
        return str(found.get("unavailable_because") or "")
    low, high = min(seen), max(seen)
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    of_most = f" of at most {max(most):,}" if most else ""
    return f"Meanwhile the GPU's clock was {span} MHz{of_most}."


def _share(value: float, most: float) -> float:
    return round(100 * min(max(value / most, 0.0), 1.0), 2)


_VIEWS: dict[str, Callable[[Any], View | None]] = {
    "image": image_view,
    "heatmap": _heatmap,
    "timeline": timeline_view,
}
