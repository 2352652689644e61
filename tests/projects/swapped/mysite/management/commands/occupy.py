from django.core.management.base import BaseCommand
from django.db import transaction

from mysite.occupy import occupy


class Command(BaseCommand):
    help = "Fill the migrated, empty database with rows that are in the way of those that `populate` makes."

    def handle(self, **options):
        with transaction.atomic():
            occupy()
