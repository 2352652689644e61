"""What came of it, in a sentence, and what there is to add."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from fixtureflow.matching.matched import Matched
from fixtureflow.wording import amount

__all__ = ["besides", "outcome", "totals"]


Counts = Mapping[str, Mapping[str, int]]


def totals(counts: Counts) -> Counter[str]:
    """How many records there are of each kind."""
    found: Counter[str] = Counter()
    for one in counts.values():
        found.update(one)
    return found


def outcome(count: Counter[str]) -> str:
    """One sentence: how many are ready, how many have no place."""
    read, ready, rejected = count["in"], count["out"], count["rejected"]
    if not read:
        return "There was no record in the dump"
    first = f"{ready:,} of {amount(read)} {'is' if ready == 1 else 'are'} ready"
    if ready == read:
        first = f"All {amount(read)} are ready" if read > 1 else "The one record is ready"
    if rejected:
        return f"{first}; {rejected:,} {'has' if rejected == 1 else 'have'} no place"
    if ready == read:
        return first
    there = count["same"] + count["remapped"]
    if there < read - ready:
        late = f"{count['put off']:,} {'is' if count['put off'] == 1 else 'are'} put off"
        return f"{first}; {late if count['put off'] else 'the others are not to be loaded'}"
    if not ready:
        return (
            f"All {amount(read)} are in the database already" if read > 1 else "The record is in the database already"
        )
    return f"{first}; the other {there:,} {'is' if there == 1 else 'are'} in the database already"


def besides(matched: Matched, count: Counter[str]) -> Iterator[str]:
    """Sentences on all that is not ready, and on what is in the fixture besides."""
    there = count["same"] + count["remapped"]
    if there and (count["left out"] or count["rejected"] or count["put off"]):
        yield f"{there:,} {'is' if there == 1 else 'are'} in the database already."
    if count["left out"]:
        yield f"{count['left out']:,} left out by --include and --exclude."
    if count["changed"]:
        yield f"{amount(count['changed'])} {'was' if count['changed'] == 1 else 'were'} rewritten."
    if matched.added:
        yield f"{amount(matched.added, 'link')} between rows {'is' if matched.added == 1 else 'are'} added."
    if matched.relisted:
        yield f"{amount(matched.relisted, 'row')} of the database are written again, with other lists."
