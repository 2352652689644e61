from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def disable_constraint_checking(self) -> bool:
        return False
