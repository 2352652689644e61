"""Every kind of relation, key and constraint that a fixture may meet, an app for each theme.

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
    "columns",
    "constraints",
    "inheritance",
    "naturals",
    "relations",
]
# Some of `constraints` is left out where the database cannot hold it: conditional (W036), deferrable (W038), on
# expressions (W044), nulls not distinct (W047).
SILENCED_SYSTEM_CHECKS = ["models.W036", "models.W038", "models.W044", "models.W047"]
