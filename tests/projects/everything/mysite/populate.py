"""The same rows each time, a part for each app. References go both ways: to rows with lower and with higher keys."""

from mysite.rows import columns, constraints, inheritance, naturals, relations


def populate():
    countries, people = relations.populate()
    columns.populate()
    constraints.populate()
    inheritance.populate()
    naturals.populate()
    relations.point_generically(countries, people)
