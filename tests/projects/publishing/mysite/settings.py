"""Wagtail and django CMS with pages of our own, and half a dozen other apps that many sites have.

`DATABASE_URL` names the database. Tables are made from the models as they are now, since hundreds of migrations take a
minute; so nothing is there that migrations would put there.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # for `support`, which all the projects share

from support.database_url import databases

DATABASES = databases()

SECRET_KEY = "tests only"
DEBUG = False
USE_TZ = True
SITE_ID = 1
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "mysite",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.flatpages",
    "django.contrib.messages",
    "django.contrib.redirects",
    "django.contrib.sessions",
    "django.contrib.sites",
    "rest_framework.authtoken",
    "allauth.account",
    "guardian",
    "reversion",
    "taggit",
    "easy_thumbnails",
    "filer",
    "menus",
    "sekizai",
    "treebeard",
    "cms",
    "modelcluster",
    "wagtail.admin",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.users",
    "wagtail",
    "pages",
]


class NoMigrations(dict):
    def __contains__(self, app):
        return True

    def __getitem__(self, app):
        return None


MIGRATION_MODULES = NoMigrations()
LANGUAGES = [("en", "English"), ("de", "German")]
LANGUAGE_CODE = "en"
CMS_CONFIRM_VERSION4 = True
CMS_TEMPLATES = [("page.html", "Page")]
WAGTAIL_SITE_NAME = "Publishing"
WAGTAILADMIN_BASE_URL = "http://localhost"
ROOT_URLCONF = "mysite.urls"
MEDIA_ROOT = "/nowhere"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [("django.template.loaders.locmem.Loader", {"page.html": "{% load cms_tags %}"})],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cms.context_processors.cms_settings",
                "sekizai.context_processors.sekizai",
            ],
        },
    }
]
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",
    "wagtailadmin.W001",
    "wagtailadmin.W002",
    "wagtailadmin.W003",
    "treebeard.E001",
]
