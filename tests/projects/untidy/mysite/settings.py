"""A site with what goes wrong: keys that are not unique, rows that dumpdata does not see, dates without time zones.

`DATABASE_URL` names the database; `USE_TZ=0` turns time zones off.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # for `support`, which all the projects share

from support.database_url import databases

DATABASES = databases()

SECRET_KEY = "tests only"
DEBUG = False
USE_TZ = os.environ.get("USE_TZ", "1") == "1"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "notes"]
