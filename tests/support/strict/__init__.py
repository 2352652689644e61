"""Django database backends that never switch constraint checks off, so that loading in a wrong order fails.

Used through `ENGINE`: `support.strict.sqlite3`, `support.strict.mysql`, `support.strict.postgresql`. SQLite and
PostgreSQL also need constraints that are not deferred to the commit: `databases.make_constraints_immediate`.
"""
