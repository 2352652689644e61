"""What a fault may come from, where the other faults and the schema let one guess."""

from __future__ import annotations

from difflib import get_close_matches

from fixtureflow.checks.authority import Authority
from fixtureflow.checks.report import Report
from fixtureflow.schema.model import Relation, Schema

__all__ = ["hint"]

ALIKE = 0.5


def hint(report: Report, schema: Schema, authority: Authority) -> None:
    """Add hints to the groups of findings; and lower those that a database alone cannot be sure of."""
    for group in report.findings.of("unknown-field"):
        model = schema.concrete(group.model)
        beside = report.beside.get((group.model, group.field))
        if model is None or beside is None:
            continue
        left = [
            name
            for name, field in model.fields.items()
            if name not in beside
            and not field.generated
            and (name not in (model.pk or ()) or isinstance(field.relation, Relation))
        ]
        strangers = [name for label, name in report.beside if label == group.model]
        near = get_close_matches(group.field, left, n=1, cutoff=ALIKE) or (
            left if len(left) == len(strangers) == 1 else []
        )
        if near:
            group.hint = f"renamed to {near[0]}?"
        a_list = any(isinstance(example["value"], list) for example in group.examples)
        if authority.named_by_columns(group.model) and (left or a_list):
            group.level = "warning"
            unnamed = "a column is not called as its field, or a list has a table with a name of its own"
            group.hint = group.hint or f"known from the database only, which does not tell where {unnamed}"
    for group in report.findings.of("dangling"):
        if group.level == "error" and "fixture has no" not in str(group.examples):
            group.hint = "if they were not deleted, a filtered default manager has left them out: dumpdata --all"
