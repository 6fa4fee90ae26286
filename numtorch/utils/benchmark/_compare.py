"""Tables of measurements."""

from __future__ import annotations

from collections.abc import Iterable

from ._measurement import NAMES, Measurement, select_unit, trim


class Compare:
    """A table: a row per sub-label (and number of threads), a column per description.

    >>> from numtorch.utils.benchmark import Compare, Measurement, TaskSpec
    >>> runs = [Measurement(1, [2e-6], TaskSpec("a", "", label="sum", description="fast"))]
    >>> print(str(Compare(runs)).splitlines()[0])
    [---- sum -----]
    """

    def __init__(self, results: Iterable[Measurement]):
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._trim = self._marked = self._starred = False

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Adds measurements; ValueError for anything else."""
        for r in results:
            if not isinstance(r, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(r)} instead.")
            self._results.append(r)

    def trim_significant_figures(self) -> None:
        """Shows no more digits than the spread leaves meaning."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Marks the best of each column (or row) in colour."""
        self._marked = True

    def highlight_warnings(self) -> None:
        """Shows the spread of measurements that scatter."""
        self._starred = True

    def print(self) -> None:
        """Prints the tables."""
        print(self)

    def __str__(self) -> str:
        groups: dict[str, list[Measurement]] = {}
        for m in Measurement.merge(self._results):
            groups.setdefault(m.label or m.stmt, []).append(m)
        return "\n".join(self._table(label, group) for label, group in groups.items())

    def _table(self, label: str, results: list[Measurement]) -> str:
        unit, scale = select_unit(min(m.median for m in results))
        columns = list(dict.fromkeys(m.description or "" for m in results))
        cells: dict[tuple, dict[str, Measurement]] = {}
        for m in results:
            name = f"({m.env})  " * bool(m.env) + m.as_row_name
            cells.setdefault((m.num_threads, name), {})[m.description or ""] = m
        rows = {key: [self._cell(found.get(c), scale) for c in columns]
                for key, found in cells.items()}  # fmt: skip
        if self._marked:
            rows = {key: self._colored(texts, cells[key], columns) for key, texts in rows.items()}
        head = 6 + max(len(name) for _, name in rows)
        numbers = [max(len(texts[k]) for texts in rows.values()) for k in range(len(columns))]
        widths = [max(len(c), n) for c, n in zip(columns, numbers)]
        titles = " " * head + "".join(f"  |  {c:^{w}}" for c, w in zip(columns, widths))
        width = len(titles)
        lines = [f"[{f' {label} ':-^{width - 2}}]", titles]
        threads = None
        for (count, name), texts in sorted(rows.items(), key=lambda r: r[0][0]):
            if count != threads:
                threads = count
                lines.append(f"{f'{count} threads: ':-<{width}}")
            shown = "".join(
                f"  |  {f'{t:>{n}}':^{w}}" for t, n, w in zip(texts, numbers, widths)
            )
            lines.append(f"{'      ' + name:<{head}}" + shown)
        return "\n".join([*lines, "", f"Times are in {NAMES[unit]}s ({unit}).", ""])

    def _cell(self, m: Measurement | None, scale: float) -> str:
        if m is None:
            return ""
        value = m.median / scale
        text = f"{trim(value, m.significant_figures):g}" if self._trim else f"{value:.1f}"
        if self._starred and m.has_warnings:
            text = f"(! {m.iqr / m.median:.0%}) {text}"
        return text

    @staticmethod
    def _colored(texts: list[str], found: dict, columns: list[str]) -> list[str]:
        best = min(m.median for m in found.values())
        return [
            f"\033[92m\033[1m{t}\033[0m\033[0m" if c in found and found[c].median == best else t
            for c, t in zip(columns, texts)
        ]
