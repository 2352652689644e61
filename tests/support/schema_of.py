"""Print the schema of a Django project, as its models say: run in a process of its own, in the project's folder."""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.apps import apps

sys.path.insert(0, str(Path(__file__).parents[1] / "schema"))

from introspect import model

from fixtureflow.schema.file import dump
from fixtureflow.schema.model import Schema


def main() -> None:
    django.setup()
    sys.stdout.buffer.write(dump(Schema.of([model(each) for each in apps.get_models()])))


if __name__ == "__main__":
    main()
