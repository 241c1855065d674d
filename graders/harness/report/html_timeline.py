"""A timeline of kernels and copies, laid out so that each of them can be seen.

A copy may take a thousand times as long as a kernel, and the host a thousand times as
long between two of them. Widths grow with time, but what is short is drawn wider than it
is, and what is idle shorter; the table beside it has the figures.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

_COPIES = {
    "host_to_device": "to the GPU",
    "device_to_host": "from the GPU",
    "device_to_device": "within the GPU",
}
_KINDS = {
    "library": "transform, product or solver",
    "kernel": "another kernel",
    "copy": "copy",
}
_LIBRARY = frozenset({"fft", "gemm", "solver"})
_MOST_LANES = 8
# Widths in parts of all busy time: no less for what runs, no more for what does not.
_LEAST_BUSY = 0.02
_MOST_IDLE = 0.04
_MIN_WIDTH = 0.4  # per cent of the drawing: records that lie upon each other


def timeline_view(figure: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the template draws of a timeline (``checks.figures``)."""
    records = [record for record in figure["records"] if _is_placed(record)]
    if not records:
        return None
    place = _Axis(records).place
    lanes: dict[str, list[dict[str, Any]]] = {name: [] for name in _COPIES.values()}
    rows = [_row(number, record) for number, record in enumerate(records, 1)]
    for record, row in zip(records, rows, strict=True):
        left = place(record["start"])
        width = max(place(record["start"] + record["seconds"]) - left, _MIN_WIDTH)
        bar = {**row, "left": round(left, 2), "width": round(width, 2)}
        lanes.setdefault(_lane(record, lanes), []).append(bar)
    kernels = sum(record["what"] not in _COPIES for record in records)
    several = len(lanes) > len(_COPIES) + 1
    kinds = {row["kind"] for row in rows}
    return {
        "kind": "timeline",
        "case": "",
        "lanes": [(_lane_name(n, several), bars) for n, bars in lanes.items() if bars],
        "rows": rows,
        "kinds": [(kind, words) for kind, words in _KINDS.items() if kind in kinds],
        "several_streams": several,
        "said": _said(figure, records, kernels),
        "simulated": figure.get("device") == "simulator",
        "bytes": 0,
    }


def duration(seconds: float | None) -> str:
    """Return a time with three digits and its unit."""
    if seconds is None:
        return "?"
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _is_placed(record: Mapping[str, Any]) -> bool:
    times = record["start"], record["seconds"]
    return all(isinstance(time, int | float) and math.isfinite(time) for time in times)


class _Axis:
    """Where an instant is drawn: between any two events, in proportion to the time."""

    def __init__(self, records: Sequence[Mapping[str, Any]]) -> None:
        spans = [(r["start"], r["start"] + r["seconds"]) for r in records]
        self._times = sorted({time for span in spans for time in span})
        widths = []
        busy = sum(end - start for start, end in spans) or 1.0
        for begin, end in itertools.pairwise(self._times):
            length = (end - begin) / busy
            runs = any(first <= begin and end <= last for first, last in spans)
            widths.append(max(length, _LEAST_BUSY) if runs else min(length, _MOST_IDLE))
        whole = sum(widths) or 1.0
        steps = (100 * width / whole for width in widths)
        self._places = list(itertools.accumulate(steps, initial=0.0))

    def place(self, time: float) -> float:
        """Return the place of the start or end of a record, in per cent."""
        place: float = self._places[bisect.bisect_left(self._times, time)]
        return place


def _lane(record: Mapping[str, Any], lanes: Mapping[str, object]) -> str:
    if record["what"] in _COPIES:
        return _COPIES[record["what"]]
    name = f"kernels, stream {record['stream']}"
    return (
        name if name in lanes or len(lanes) < _MOST_LANES else "kernels, other streams"
    )


def _lane_name(name: str, several: bool) -> str:
    return name if several else name.partition(",")[0]


def _row(number: int, record: Mapping[str, Any]) -> dict[str, Any]:
    is_copy = record["what"] in _COPIES
    if is_copy:
        name, size = f"copy {_COPIES[record['what']]}", f"{record['nbytes']:,} B"
    else:
        name, size = record["name"], f"{record['elements']:,} items"
    kind = "copy" if is_copy else "library" if record["what"] in _LIBRARY else "kernel"
    return {
        "number": number,
        "name": name,
        "kind": kind,
        "size": size,
        "start": f"{record['start'] * 1e3:,.3f} ms",
        "seconds": duration(record["seconds"]),
        "stream": record["stream"],
    }


def _said(
    figure: Mapping[str, Any], records: Sequence[Mapping[str, Any]], kernels: int
) -> str:
    copies = len(records) - kernels
    counted = [
        _counted(kernels, "kernel", "kernels"),
        _counted(copies, "copy", "copies"),
    ]
    what = " and ".join(part for part in counted if part)
    omitted = figure.get("omitted") or 0
    if omitted:
        what = f"The first {what}, of {len(records) + omitted:,} records"
    end = max(r["start"] + r["seconds"] for r in records)
    busy = f"the device was busy for {duration(figure['busy'])}"
    return f"{what} in {duration(end)}; {busy}{' in all' if omitted else ''}."


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""
