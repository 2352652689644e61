"""`filter --target` beside `jq .`, with a million rows in SQLite: `python matching.py [MEGABYTES] [ROUNDS]`.

The target has other content types, and the dump's group and a thousand of its users under other pks; its other rows are
in nobody's way. So all users, all log entries and what belongs to these users is rewritten.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
from pathlib import Path

from compare import PEERS, PROGRAM, run
from make_dump import SCHEMA, TYPES, write

ROWS = 1_000_000
FILTER = [*PROGRAM, "filter", "-q", "dump.json", "--target", "target.sqlite3", "--schema", "schema.json"]
FILTER += ["--lookup", "types.json", "--renumber", "--rejects", "rejects.json"]

# As Django makes them.
TABLES = """
CREATE TABLE django_content_type (id integer PRIMARY KEY AUTOINCREMENT, app_label varchar(100) NOT NULL,
  model varchar(100) NOT NULL);
CREATE UNIQUE INDEX ct ON django_content_type (app_label, model);
CREATE TABLE auth_group (id integer PRIMARY KEY AUTOINCREMENT, name varchar(150) NOT NULL UNIQUE);
CREATE TABLE auth_permission (id integer PRIMARY KEY AUTOINCREMENT, name varchar(255) NOT NULL,
  content_type_id integer NOT NULL REFERENCES django_content_type, codename varchar(100) NOT NULL);
CREATE TABLE auth_user (id integer PRIMARY KEY AUTOINCREMENT, password varchar(128) NOT NULL, last_login datetime,
  is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, last_name varchar(150) NOT NULL,
  email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL, date_joined datetime NOT NULL,
  first_name varchar(150) NOT NULL);
CREATE TABLE auth_user_groups (id integer PRIMARY KEY AUTOINCREMENT, user_id integer NOT NULL REFERENCES auth_user,
  group_id integer NOT NULL REFERENCES auth_group);
CREATE UNIQUE INDEX ug ON auth_user_groups (user_id, group_id);
CREATE TABLE auth_user_user_permissions (id integer PRIMARY KEY AUTOINCREMENT,
  user_id integer NOT NULL REFERENCES auth_user, permission_id integer NOT NULL REFERENCES auth_permission);
CREATE UNIQUE INDEX up ON auth_user_user_permissions (user_id, permission_id);
CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created datetime NOT NULL,
  user_id integer NOT NULL UNIQUE REFERENCES auth_user);
CREATE TABLE django_admin_log (id integer PRIMARY KEY AUTOINCREMENT, object_id text, object_repr varchar(200) NOT NULL,
  action_flag smallint unsigned NOT NULL, change_message text NOT NULL,
  content_type_id integer REFERENCES django_content_type, user_id integer NOT NULL REFERENCES auth_user,
  action_time datetime NOT NULL);
CREATE TABLE blog_post (id integer PRIMARY KEY AUTOINCREMENT, title varchar(200) NOT NULL, slug varchar(50) NOT NULL
  UNIQUE, author_id integer NOT NULL REFERENCES auth_user, body text NOT NULL, published datetime NOT NULL,
  rating real NOT NULL, tags text NOT NULL);
CREATE TABLE blog_comment (id integer PRIMARY KEY AUTOINCREMENT, post_id integer NOT NULL REFERENCES blog_post,
  parent_id integer REFERENCES blog_comment, author_id integer NOT NULL REFERENCES auth_user, text text NOT NULL,
  created datetime NOT NULL);
CREATE TABLE versions_version (id integer PRIMARY KEY AUTOINCREMENT, object_id varchar(20) NOT NULL,
  user_id integer NOT NULL REFERENCES auth_user, created datetime NOT NULL, data text NOT NULL,
  serialized text NOT NULL, note text NOT NULL);
"""
OTHERS = [("auth", "group"), ("auth", "permission"), ("auth", "user"), ("authtoken", "token"), ("admin", "logentry")]
OTHERS += [("blog", "comment"), ("blog", "post"), ("versions", "version")]
FIRST = 49_516
"""The dump's last user at 200 MB: the target's come after it."""
SHARES = {"auth_user": 2, "authtoken_token": 1, "blog_comment": 4, "blog_post": 1, "django_admin_log": 2}
VALUES = {
    "auth_user": f"n + {FIRST}, '!', NULL, 0, iif(n > 1000, 'their', 'user') || n, '', '', 0, 1, '2020-01-01', ''",
    "authtoken_token": f"'token' || n, '2020-01-01 00:00:00', n + {FIRST}",
    "blog_post": "n + 1000000, 't', 'their-' || n, 100000, 'b', '2020-01-01 00:00:00', 1.0, '[]'",
    "blog_comment": "n + 130000, 1000001, NULL, 100000, 't', '2020-01-01 00:00:00'",
    "django_admin_log": "n + 1000000, '1', 'r', 1, '', 51, 100000, '2020-01-01 00:00:00'",
}


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        count = write(Path(folder, "dump.json"), megabytes * 1_000_000)
        Path(folder, "schema.json").write_text(json.dumps(SCHEMA))
        Path(folder, "types.json").write_text(json.dumps(TYPES))
        fill(Path(folder, "target.sqlite3"))
        print(f"{megabytes} MB, {count:,} records, {ROWS:,} rows, {rounds} rounds")
        commands = {"filter --target": FILTER, "jq .": PEERS["jq ."]}
        runs: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(run(command, folder))
    for name, rows in runs.items():
        clock, cpu, peak = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:16}{clock:9.2f} s{cpu:9.2f} s of CPU{peak:9.0f} MB")


def fill(path: Path) -> None:
    """Make the target."""
    with sqlite3.connect(path) as database:
        database.executescript(TABLES)
        labels = [row["fields"]["model"] for row in TYPES if row["model"] == "contenttypes.contenttype"]
        database.executemany(
            "INSERT INTO django_content_type VALUES (?, ?, ?)",
            [(50 + at, *one) for at, one in enumerate([*(("blog", name) for name in labels), *OTHERS])],
        )
        database.execute("INSERT INTO auth_group VALUES (7, 'readers')")
        for table, share in SHARES.items():
            count = ROWS * share // sum(SHARES.values())
            database.execute(
                f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
                f"INSERT INTO {table} SELECT {VALUES[table]} FROM numbers"
            )
        for name in labels:
            database.execute(f"CREATE TABLE blog_{name} (id integer PRIMARY KEY AUTOINCREMENT)")
    database.close()


if __name__ == "__main__":
    main()
