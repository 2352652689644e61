from django.conf import settings
from django.db.models.signals import post_save
from django.dispatch import receiver
from rest_framework.authtoken.models import Token


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def create_auth_token(sender, instance=None, created=False, **kwargs):
    """The receiver of REST framework's documentation; it ignores `raw`, so loaddata sets it off too."""
    if created and settings.TOKEN_FOR_NEW_USERS:
        Token.objects.create(user=instance)
