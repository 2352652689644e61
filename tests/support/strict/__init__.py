"""Django database backends that never switch constraint checks off.

They are used through `ENGINE`: `support.strict.sqlite3`, `support.strict.mysql`, `support.strict.postgresql`.
"""
