"""A table and its formats."""

import csv
import dataclasses
import io
import json
import os
import pathlib
from collections.abc import Sequence

from propose_keras import files


@dataclasses.dataclass(frozen=True)
class Table:
    """A table; `None` is an empty cell, floats are printed with one decimal.

    Attributes:
        title: One line.
        columns: Heads.
        rows: Cells, as many as heads in each row.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]

    def to_markdown(self) -> str:
        """The table as GitHub's Markdown, columns aligned."""
        cells = [self.columns, *([_text(c) for c in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        numeric = [
            all(not isinstance(row[i], str) for row in self.rows)
            for i in range(len(self.columns))
        ]

        def line(row):
            padded = (
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, numeric)
            )
            return f"| {' | '.join(padded)} |"

        rule = [
            "-" * (width - 1) + ":" if right else "-" * width
            for width, right in zip(widths, numeric)
        ]
        lines = [line(cells[0]), line(rule), *(line(row) for row in cells[1:])]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "\n"

    def to_latex(self) -> str:
        """The table as a LaTeX `tabular` with `booktabs` rules."""
        numeric = [
            all(not isinstance(row[i], str) for row in self.rows)
            for i in range(len(self.columns))
        ]
        lines = [
            f"% {self.title}",
            f"\\begin{{tabular}}{{{''.join('r' if n else 'l' for n in numeric)}}}",
            "\\toprule",
            _latex_line(self.columns),
            "\\midrule",
            *(_latex_line([_text(c) for c in row]) for row in self.rows),
            "\\bottomrule",
            "\\end{tabular}",
        ]
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """The table as CSV, numbers unrounded."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(["" if c is None else c for c in row] for row in self.rows)
        return file.getvalue()

    def to_json(self) -> dict:
        """The table as an object for JSON, numbers unrounded."""
        rows = [dict(zip(self.columns, row)) for row in self.rows]
        return {"title": self.title, "rows": rows}


def write_tables(
    tables: Sequence[Table], name: str, output_dir: str | os.PathLike
) -> None:
    """Writes tables as `name.md`, `name.tex`, `name.json` and `name.csv`.

    Args:
        tables: At least one; the CSV file holds them one below the other, an empty
            line between.
        name: Of the files, without ending.
        output_dir: Folder, made if it is not there.
    """
    folder = pathlib.Path(output_dir)
    files.write_text(folder / f"{name}.md", "\n".join(t.to_markdown() for t in tables))
    files.write_text(folder / f"{name}.tex", "\n".join(t.to_latex() for t in tables))
    files.write_text(folder / f"{name}.csv", "\n".join(t.to_csv() for t in tables))
    objects = json.dumps([t.to_json() for t in tables], indent=2, allow_nan=False)
    files.write_text(folder / f"{name}.json", objects + "\n")


def _text(cell) -> str:
    if cell is None:
        return "-"
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell)


def _latex_line(cells) -> str:
    escaped = (
        c.replace("&", "\\&").replace("%", "\\%").replace("_", "\\_") for c in cells
    )
    return " & ".join(escaped) + " \\\\"
