"""Generic references to records that are not there; no database watches over them, so they only warn."""

from __future__ import annotations

from array import array

from fixtureflow.checks.evidence import Evidence
from fixtureflow.checks.judge import Fault
from fixtureflow.checks.keysets import KeySet
from fixtureflow.checks.logs import LEAST, Log, hashed, natural_hash
from fixtureflow.record import Record
from fixtureflow.references.links import Link, Place, field_of, natural_form
from fixtureflow.reread.rows import Columns

__all__ = ["find_dangling_generic"]

CONTENT_TYPE = "contenttypes.contenttype"


def find_dangling_generic(evidence: Evidence) -> None:
    """Of generic keys that lead to a model of the fixture, those that lead to no record of it."""
    pairs = [(plan, link) for plan in evidence.plans for link in plan.links if link.kind == "generic"]
    types = _content_types(evidence) if pairs else {}
    for plan, link in pairs:
        ids, kinds = plan.keys(link.field, "generic"), plan.keys(link.content_type)
        if ids is None or kinds is None:
            continue
        for model, (records, keys) in _apart(evidence, ids, kinds, types).items():
            logs = evidence.logs(model, "")
            absent = KeySet(logs).absent(_as_keys_of(evidence, model, keys))
            found = (absent.count, [records.at(number) for number, _ in absent.first])

            def value(number: int, record: Record, link: Link = link) -> object:
                return record.fields.get(link.field)

            why = "some of its records have no pk" if any(log.gaps for log in logs) else "no constraint watches over it"
            fault = Fault("dangling", f"a generic key: {why}", "warning")
            evidence.tell(fault, plan, link.field, found, to=model, value=value)


def _content_types(evidence: Evidence) -> dict[int, str]:
    """The models that content types mean, by the numbers of their pks and of their natural keys."""
    found: dict[int, str] = {}
    columns = Columns(["app_label", "model"])
    for stretch in evidence.catalogue.stretches(CONTENT_TYPE):
        for pk, (app, model) in columns.rows(stretch):
            if type(pk) is int:
                found[pk] = f"{app}.{model}"
    labels = {f"{label}" for label in (*evidence.schema.models, *evidence.models(), *found.values())}
    found |= {natural_hash(natural_form(label.split(".", 1))): label for label in labels}
    return {number: concrete.label if (concrete := evidence.schema.concrete(m)) else m for number, m in found.items()}


def _apart(evidence: Evidence, ids: Log, kinds: Log, types: dict[int, str]) -> dict[str, tuple[Log, Log]]:
    """By the model led to the numbers of the records, and the keys."""
    found: dict[str, tuple[Log, Log]] = {}
    begin = 0
    for keys, content_types in zip(ids.chunks(), kinds.chunks(), strict=True):
        known = {kind: types.get(kind, "") for kind in set(content_types)}
        parts: dict[str, tuple[array[int], array[int]]] = {
            model: (array("q"), array("q")) for model in known.values() if evidence.of(model)
        }
        for at, (key, kind) in enumerate(zip(keys, content_types, strict=True), begin):
            part = parts.get(known[kind])
            if part is not None and key >= LEAST:
                part[0].append(at)
                part[1].append(key)
        for model, (records, numbers) in parts.items():
            logs = found.setdefault(model, (Log(evidence.disk), Log(evidence.disk)))
            logs[0].extend(records)
            logs[1].extend(numbers)
        begin += len(keys)
    return found


def _as_keys_of(evidence: Evidence, model: str, keys: Log) -> Log:
    """The keys as those of the model: what is a number by its looks is a text where its keys are texts."""
    field = field_of(evidence.schema, Place(model, ""))
    if field is None or field.type != "text":
        return keys
    texts = Log(evidence.disk)
    for chunk in keys.chunks():
        texts.extend(array("q", [hashed(str(key)) if abs(key) < 2**62 else key for key in chunk]))
    return texts
