from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    def disable_constraint_checking(self) -> bool:
        return False
