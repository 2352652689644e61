"""The verb `scrub`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from fixtureflow.cli.options import (
    At,
    Compact,
    FormatOption,
    Indent,
    Inputs,
    OutputFile,
    Quiet,
    Repair,
    SchemaFiles,
    Settings,
    Target,
    TargetSettings,
    TrustGuesses,
)
from fixtureflow.console import Session, amount, session

if TYPE_CHECKING:
    from fixtureflow.stages.scrub import Scrubbed

__all__ = ["command"]


def command(
    inputs: Inputs = None,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="FIELD=KIND", help="accounts.user.email=email, shop.*.phone=phone; repeatable."),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="APP", help="What is known of an app: auth, sessions, … or all; repeatable."),
    ] = None,
    rules: Annotated[
        str | None, typer.Option("--rules", metavar="FILE", help='Rules in TOML: preset = ["all"] and a table [rule].')
    ] = None,
    key_file: Annotated[
        str | None,
        typer.Option(
            "--key-file",
            metavar="FILE",
            help="The key that decides on pseudonyms; also FIXTUREFLOW_SCRUB_KEY. Without: one for this run.",
        ),
    ] = None,
    schema: SchemaFiles = None,
    settings: Settings = None,
    target: Target = None,
    target_settings: TargetSettings = None,
    trust_guesses: TrustGuesses = False,
    output: OutputFile = "-",
    format: FormatOption = None,  # noqa: A002
    indent: Indent = None,
    compact: Compact = False,
    at: At = None,
    repair: Repair = False,
    quiet: Quiet = False,
) -> None:
    """Put pseudonyms in the place of e-mail addresses, names, passwords and tokens: a dump to be passed on.

    The same value has the same pseudonym wherever it stands, unique columns stay unique, and references to a scrubbed
    key follow, natural keys too. Without the key nobody can tell or try what a pseudonym stands for. All else
    stays: fixtureflow diff all.json safe.json shows what has changed.

    \b
    Kinds: email username first_name last_name name phone text password token session uuid ip url;
      null empty fixed:TEXT; keep (for a field that a preset would change).

    \b
    Examples:
      fixtureflow scrub --preset all --rule shop.order.phone=phone --settings mysite.settings all.json -o safe.json
      fixtureflow scrub --rules scrub.toml --key-file scrub.key --schema schema.json < all.json > safe.json
    """
    import fixtureflow as ff
    from fixtureflow.schema.django.databases import named_target
    from fixtureflow.schema.sources import sources_from

    names = inputs or ["-"]
    with session(names, output, quiet=quiet) as run:
        target = named_target(target, target_settings)
        given = sources_from(schema or (), settings=settings, target=target)
        records = ff.read(*names, at=at, repair=repair, progress=run.progress)
        scrubbed = ff.scrub(
            records,
            given,
            rule=rule or (),
            rules=rules,
            preset=preset or (),
            key_file=key_file,
            trust_guesses=trust_guesses,
        )
        written = ff.write(scrubbed, output, format=format, indent=indent, compact=compact)
    _say(run, scrubbed)
    run.summary(f"{amount(records.count)} in, {written.records:,} out")


def _say(run: Session, scrubbed: Scrubbed) -> None:
    for words, counts in (("scrubbed", scrubbed.scrubbed), ("references followed", scrubbed.followed)):
        for model, fields in _by_model(counts).items():
            run.say(f"{words}: {model}: {', '.join(f'{field} {count:,}' for field, count in fields.items())}")
    if scrubbed.key_was_made:
        run.say("no key was given, so one was made for this run: another run gives other pseudonyms (--key-file FILE)")
    for (model, field), count in scrubbed.addresses.items():
        leaks = scrubbed.leaks[model, field]
        more = f", {leaks:,} with one that is scrubbed elsewhere" if leaks else ""
        run.say(f"not covered: {model}.{field}: what looks like e-mail addresses in {amount(count)}{more}")
    for (model, field), count in scrubbed.personal.items():
        if count and not scrubbed.addresses[model, field]:
            run.say(f"not covered: {model}.{field}: its name sounds personal ({amount(count)})")
    for model, field in scrubbed.unread:
        run.say(f"not followed: {model}.{field}: natural keys whose fields are not known; --settings would tell")
    for (model, field), count in (+scrubbed.kept_keys).items():
        run.say(
            f"not followed: {model}.{field}: what must be natural keys of scrubbed records, in {amount(count)}; "
            "--settings or --schema FILE would tell"
        )
    if scrubbed.unknown:
        more = f" and {len(scrubbed.unknown) - 10} more" if len(scrubbed.unknown) > 10 else ""
        run.say(
            "nothing is known of what they refer to, so keys in them may not have followed (--settings, --schema): "
            f"{', '.join(scrubbed.unknown[:10])}{more}"
        )
    for rule in scrubbed.unmatched:
        run.say(f"{rule} changed nothing")


def _by_model(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (model, field), count in counts.items():
        if count:
            found.setdefault(model, {})[field] = count
    return found
