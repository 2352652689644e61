from mysite.settings import *  # noqa: F403
from mysite.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS[:-1], "polls.before.apps.Before"]
MIGRATION_MODULES = {"polls": "polls.before.migrations"}
