"""The public API as its users write it; mypy --strict reads this file, and each ignore has to be needed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import fixtureflow as ff


def only_staff(records: Iterable[ff.Record]) -> Iterator[ff.Record]:
    for record in records:
        if record.model != "auth.user" or record.fields["is_staff"]:
            yield record


dump: ff.Reading = ff.read("a.json", Path("b.json.gz"), repair=True)
kept: ff.Filtered = ff.filter(dump, exclude=["authtoken"])
ordered: ff.Ordered = ff.order(kept, ff.infer(dump))
written: ff.Written = ff.write(only_staff(ordered), "out.json", indent=2)
parts: ff.Split = ff.split(dump, "parts", by="app", number=True)
rows: ff.CsvSplit = ff.split_to_csv(dump, Path("rows"), ff.infer(dump), dialect="sqlite", force=True)
resets: ff.Sequences = ff.sequences(dump, target="postgresql:///mysite")
merged: ff.Records = ff.filter(dump, target=ff.project_database("mysite.settings", "replica"), renumber=True)
found: ff.Stats = ff.stats(dump)
try:
    print(written.records, parts.records, found.table(), kept.dropped, ordered.cycles)
    print(rows.rows, rows.files[0].name, resets.sql(), resets.statements, resets.unknown)
except ff.InputError as error:
    print(error.file, error.number, error.offset, error.model, error.pk)

ff.wriet(dump)  # type: ignore[attr-defined]
ff.write(dump, "out.json", indent="2")  # type: ignore[arg-type]
ff.split(dump, "parts", by="field")  # type: ignore[arg-type]
ff.sequences(dump, dialect="oracle")  # type: ignore[arg-type]
