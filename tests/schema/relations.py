"""Run in a project's folder: prints of each model the relations that its records have or hide."""

import json

import django

django.setup()

from django.apps import apps  # noqa: E402


def relations(model) -> dict[str, str]:
    fields = [f for f in model._meta.local_fields if f.is_relation]
    fields += [f for f in model._meta.local_many_to_many if f.remote_field.through._meta.auto_created]
    return {f.name: f.related_model._meta.label_lower for f in fields}


print(json.dumps({model._meta.label_lower: relations(model) for model in apps.get_models() if not model._meta.proxy}))
