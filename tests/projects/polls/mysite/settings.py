"""The polls of Django's tutorial, whose second migration renames a field; `mysite.before` is the site before that.

`DATABASE_URL` names the database.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # for `support`, which all the projects share

from support.database_url import databases

DATABASES = databases()

SECRET_KEY = "tests only"
DEBUG = False
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "mysite",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "polls",
]
