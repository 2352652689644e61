"""What is said of a fixture that was matched with a target; `filter` and `prepare` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtureflow.cli.options import say_unmatched
from fixtureflow.console import Session, amount

if TYPE_CHECKING:
    from fixtureflow.matching.matched import Matched

__all__ = ["besides", "say_matched"]


_CASES = ("in", "new", "same", "remapped", "renumbered", "updated", "rejected", "left out", "out", "put off")


def say_matched(run: Session, matched: Matched) -> None:
    """The table of what became of each model's records, and what there is to explain."""
    from fixtureflow.views.table import table

    if not matched.counts:
        return
    shown = [
        case
        for case in _CASES
        if case in ("in", "new", "same", "remapped", "out") or any(counts[case] for counts in matched.counts.values())
    ]
    rows = [[label, *(f"{counts[case]:,}" for case in shown)] for label, counts in matched.counts.items()]
    for line in table(["model", *shown], rows).splitlines():
        run.say(line)
    say_unmatched(run, matched.unmatched, matched.seen)
    for line in matched.messages():
        run.say(line)
    for group in matched.findings:
        run.say(str(group))


def besides(matched: Matched) -> str:
    """What became of the records that did not come out, and what came out besides."""
    total = {case: sum(counts[case] for counts in matched.counts.values()) for case in _CASES}
    dropped = total["same"] + total["remapped"]
    left = f", {total['left out']:,} left out" if total["left out"] else ""
    added = f", {amount(matched.added, 'link')} added" if matched.added else ""
    relisted = f", {amount(matched.relisted, 'row')} with other lists" if matched.relisted else ""
    return f"{dropped:,} in the target already, {total['rejected']:,} rejected{left}{added}{relisted}"
