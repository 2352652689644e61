from django.core.management.base import BaseCommand
from django.db import transaction

from mysite.populate import populate


class Command(BaseCommand):
    help = "Fill the migrated, empty database with the same rows each time."

    def handle(self, **options):
        with transaction.atomic():
            populate()
