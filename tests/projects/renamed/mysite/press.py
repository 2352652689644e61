from mysite.settings import *  # noqa: F403
from mysite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS[:-1], "articles.apps.Press"]
MIGRATION_MODULES = {"press": "articles.press_migrations"}
