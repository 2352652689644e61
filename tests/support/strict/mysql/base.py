from django.db.backends.mysql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def disable_constraint_checking(self) -> bool:
        return False
