from django.core.management.base import BaseCommand

from mysite.rows.relations import make_loops


class Command(BaseCommand):
    help = "Add rows that refer to each other in a loop."

    def handle(self, **options):
        make_loops()
