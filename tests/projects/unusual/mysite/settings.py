"""What a schema has to be told with care: odd natural keys, receivers, columns, two databases.

It has no manage.py, and its databases are not there: nothing may need them. support/unusual.py makes rows in memory.
"""

from importlib.util import find_spec

DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/to/be/found.sqlite3"},
    "archive": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "/nowhere/archive.sqlite3",
        "PASSWORD": "pw of archive",
    },
}
DATABASE_ROUTERS = ["mysite.routers.ArchiveRouter"]

SECRET_KEY = "tests only"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ODD_LABEL_MODEL = "odd.OwnLabel"
LOGGING = {"version": 1, "handlers": {"file": {"class": "logging.FileHandler", "filename": "/nowhere/log.txt"}}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "hooks.apps.HooksConfig",
    "keys",
    "odd",
    *(["trees"] if find_spec("mptt") and find_spec("treebeard") else []),
    *(["taggit", "tagged"] if find_spec("taggit") else []),
]

print("noise on standard output, which is no schema")
