"""Rows of text in columns, for a terminal; control characters in them are escaped."""

from __future__ import annotations

from collections.abc import Sequence

from fixtureflow.errors import one_line

__all__ = ["table"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Text in columns; the first `left` of them aligned to the left, the others to the right."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(padded).rstrip()

    return "\n".join(line(cells) for cells in (head, *rows))
