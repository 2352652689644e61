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
ready: ff.Prepared = ff.prepare(
    dump, "ready", target="postgresql:///mysite", prefer="fixture:authtoken", parts=True, show_values=True
)
found: ff.Stats = ff.stats(dump)
once: ff.Deduped = ff.dedupe(dump, ff.infer(dump), unique="lists.item:list,text", keep="newest:changed_at", tell=print)
named: ff.Deduped = ff.dedupe(dump, rename={"text": "{} ({n})"}, target="postgresql:///mysite")
safe: ff.Scrubbed = ff.scrub(dump, rule={"accounts.user.email": "email"}, preset="all", key_file=Path("scrub.key"))
compared: ff.Diff = ff.diff(dump, ff.read("b.json"), by_identity=True, ignore="auth.user.last_login")
joined: ff.Joined = ff.merge(ff.read("a.json", "b.json"), prefer="last", rejects=Path("rejects.json"))
checked: ff.Checked = ff.check(dump, ff.sources_from(["schema.json"]), backend="postgresql", skip=["nan"])
mended: ff.Renamed = ff.rename(dump, model={"a.b": "a.c"}, fill={"a.b.n": 0}, cut=["a.b.t=9"], null_nan="*", tell=print)
small: ff.Subset = ff.subset(dump, ff.infer(dump), start="blog.post:1,2", sample="1%", follow_reverse=["blog"])
try:
    for difference in compared.differences():
        print(difference.kind, difference.model, difference.fields, difference.a and difference.a.pk)
    print(ready.files, ready.commands(), ready.rejected, [(step.name, step.seconds) for step in ready.steps])
    print(compared.equal, compared.models["auth.user"].changed, compared.text(), joined.left_out, joined.repeated)
    print(written.records, parts.records, found.table(), kept.dropped, ordered.cycles)
    print(once.dropped, named.renamed, once.followed, once.united, once.messages(), once.unmatched)
    print(safe.scrubbed, safe.followed, safe.addresses, safe.leaks, safe.personal, safe.unknown, safe.key_was_made)
    print(
        checked.ok, checked.errors, checked.groups(), checked.json(), mended.followed, mended.unmatched, small.missing
    )
    print(rows.rows, rows.files[0].name, resets.sql(), resets.statements, resets.unknown)
except ff.InputError as error:
    print(error.file, error.number, error.offset, error.model, error.pk)

ff.scrub(dump, key="a text")  # type: ignore[arg-type]
ff.wriet(dump)  # type: ignore[attr-defined]
ff.write(dump, "out.json", indent="2")  # type: ignore[arg-type]
ff.split(dump, "parts", by="field")  # type: ignore[arg-type]
ff.sequences(dump, dialect="oracle")  # type: ignore[arg-type]
ff.merge(dump, prefer="newest")  # type: ignore[arg-type]
ff.check(dump, backend="oracle")  # type: ignore[arg-type]
ff.rename(dump, null_nan=True)  # type: ignore[arg-type]
ff.diff(dump)  # type: ignore[call-arg]
