"""What makes a database's content types and permissions those of a site with another history."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType


def reverse_content_types() -> None:
    """Give each content type the number of another, and so each permission; nothing may refer to them yet."""
    content_types = list(ContentType.objects.order_by("pk"))
    permissions = list(Permission.objects.select_related("content_type").order_by("pk"))
    ContentType.objects.all().delete()
    for old, new in zip(content_types, reversed(content_types), strict=True):
        ContentType.objects.create(pk=old.pk, app_label=new.app_label, model=new.model)
    ContentType.objects.clear_cache()
    for old, new in zip(permissions, reversed(permissions), strict=True):
        key = new.content_type.natural_key()
        content_type = ContentType.objects.get_by_natural_key(*key)
        Permission.objects.create(pk=old.pk, codename=new.codename, name=new.name, content_type=content_type)
    for app in apps.get_app_configs():
        create_permissions(app, verbosity=0)
