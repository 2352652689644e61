"""The kinds of faults: what each is, what Django or the database would have said, and what mends it.

The one place that says so: `fixtureflow check --kinds` prints it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = ["KINDS", "Kind", "Level"]

Level: TypeAlias = Literal["error", "warning"]


class Kind(msgspec.Struct, frozen=True):
    """One kind of fault."""

    name: str
    level: Level
    """Of what a stated schema says; what is only guessed warns."""
    what: str
    said: str
    """The words of Django or of the database, or what happens without a word."""
    mend: str


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS = _kinds(
    Kind(
        "bad-record",
        "error",
        "a record without `fields`, or that Python's json cannot read",
        "DeserializationError: Error deserializing object: 'fields'",
        "dump it again, or leave its model out: filter --exclude MODEL",
    ),
    Kind(
        "unknown-model",
        "error",
        "a model that the project or the database does not have",
        "DeserializationError: Invalid model identifier: shop.oldthing",
        "filter --exclude MODEL, or rename --model OLD=NEW",
    ),
    Kind(
        "unknown-field",
        "error",
        "a field that the model does not have",
        "FieldDoesNotExist: Item has no field named 'colour'",
        "rename --field OLD=NEW, or rename --drop FIELD",
    ),
    Kind(
        "missing-field",
        "error",
        "a field that a record leaves out, though it has no default and may not be null",
        'IntegrityError: null value in column "size" violates not-null constraint',
        "rename --default FIELD=JSON",
    ),
    Kind(
        "null",
        "error",
        "null where the column may not be null",
        'IntegrityError: null value in column "size" violates not-null constraint',
        "rename --fill FIELD=JSON",
    ),
    Kind(
        "bad-value",
        "error",
        "a value that is none of its type: dates, numbers, UUIDs, booleans, lists where there is no natural key",
        "ValidationError: “31.12.2024” value has an invalid date format",
        "in the source, or rename --drop FIELD",
    ),
    Kind(
        "out-of-range",
        "error",
        "a number that its column does not hold (SQLite holds most of them)",
        "DataError: integer out of range; numeric field overflow",
        "widen the column in a migration, or rename --drop FIELD",
    ),
    Kind(
        "too-long",
        "error",
        "a text longer than its column (SQLite does not mind)",
        "DataError: value too long for type character varying(40); Data too long for column 'name'",
        "widen the column in a migration, or rename --cut FIELD",
    ),
    Kind(
        "nul",
        "error",
        "a NUL character in a text or within JSON, which PostgreSQL does not store",
        "ValueError: A string literal cannot contain NUL (0x00) characters.; unsupported Unicode escape sequence",
        "rename --strip-nul FIELD",
    ),
    Kind(
        "surrogate",
        "error",
        "half of a surrogate pair, which is no character of UTF-8",
        "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800': surrogates not allowed",
        "in the source, or rename --drop FIELD",
    ),
    Kind(
        "nan",
        "error",
        "NaN or Infinity where the database has no such number: in JSON on all, in a float on MariaDB and MySQL; "
        "SQLite makes NaN a null",
        'DataError: invalid input syntax for type json: Token "NaN" is invalid; nan can not be used with MySQL',
        "rename --null-nan FIELD",
    ),
    Kind(
        "four-byte-text",
        "error",
        "an emoji or another character of four bytes where the column is utf8mb3 (told by --target)",
        "DataError: (1366, \"Incorrect string value: '\\\\xF0\\\\x9F\\\\x8E\\\\x89' for column ...\")",
        "ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4",
    ),
    Kind(
        "packet",
        "error",
        "a record larger than the server's max_allowed_packet (told by --target)",
        "OperationalError: (1153, \"Got a packet bigger than 'max_allowed_packet' bytes\")",
        "SET GLOBAL max_allowed_packet = ..., on the server",
    ),
    Kind(
        "naive-datetime",
        "warning",
        "a date and time without its zone where the project uses time zones",
        "RuntimeWarning: DateTimeField Item.made received a naive datetime (...) while time zone support is active; "
        "it is taken to be in TIME_ZONE",
        "in the source: an offset, or Z for UTC",
    ),
    Kind(
        "aware-datetime",
        "error",
        "a date and time with a zone where the project uses none, on SQLite, MariaDB and MySQL",
        "ValueError: SQLite backend does not support timezone-aware datetimes when USE_TZ is False.",
        "USE_TZ = True, or in the source: no offset",
    ),
    Kind(
        "dangling",
        "error",
        "a reference to a record that is not there; it warns where all records of that model are left out, as the "
        "target may have them, and where no constraint watches over it",
        'IntegrityError: insert or update on table "shop_item" violates foreign key constraint; FOREIGN KEY '
        "constraint failed; User matching query does not exist.",
        "dump what is missing (a filtered default manager leaves rows out: dumpdata --all), or let go of it: "
        "filter --target URL --dangling null, or reject",
    ),
    Kind(
        "duplicate-pk",
        "warning",
        'the same primary key twice; "1" and 1 are the same',
        "nothing: the later record silently takes the place of the earlier",
        "dedupe",
    ),
    Kind(
        "duplicate-unique",
        "error",
        "the same values twice where a constraint wants them unique",
        'IntegrityError: duplicate key value violates unique constraint "auth_user_username_key"',
        "dedupe --unique",
    ),
    Kind(
        "ambiguous-natural-key",
        "error",
        "a reference by a natural key that several records have",
        "MultipleObjectsReturned: get() returned more than one Author -- it returned 2!",
        "dedupe --unique, or references by primary key: dumpdata without --natural-foreign",
    ),
    Kind(
        "duplicate-natural-key",
        "warning",
        "records without a primary key that have the same natural key",
        "nothing: the later record silently takes the place of the earlier",
        "dedupe",
    ),
    Kind(
        "forward-reference",
        "error",
        "a reference by natural key to a later record, where the column may not be null, or where the record's own "
        "natural key is made of it: loaddata cannot put it off",
        "IntegrityError: NOT NULL constraint failed: shop_item.owner_id; User matching query does not exist.",
        "order",
    ),
    Kind(
        "record-cycle",
        "warning",
        "records that refer to each other in a loop: they load in one transaction only, and by natural keys in columns "
        "that may not be null not at all",
        "IntegrityError: violates foreign key constraint, once the fixture is loaded in parts",
        "order, which keeps them together; order --cycles break; of natural keys: natural --to-pk",
    ),
)
