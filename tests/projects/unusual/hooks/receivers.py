"""Receivers that make rows in every way, and some that make none."""

from functools import partial, wraps

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from hooks.models import Audit, Basket, Profile, Watched


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def make_profile(sender, instance, created, raw=False, **kwargs):
    if created and not raw:
        Profile.objects.create(user=instance)


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def make_basket(sender, instance, created, **kwargs):
    if created:
        instance.baskets.create()


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def send_mail(sender, instance, **kwargs):
    """Makes nothing."""
    str(instance)


@receiver(post_save)
def audit_all(sender, instance, **kwargs):
    if kwargs.get("raw"):
        return
    write_audit(str(instance))


def write_audit(text):
    Audit(text=text).save()


def not_under_loaddata(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        if not kwargs["raw"]:
            function(*args, **kwargs)

    return wrapper


@receiver(post_save, sender=Watched)
@not_under_loaddata
def decorated(sender, instance, **kwargs):
    from hooks.models import Basket as Cart

    cart = Cart(user_id=1)
    cart.save()


@receiver(post_save, sender=Watched)
def later(sender, instance, raw, **kwargs):
    """Has an argument `raw`, and does not look at it."""
    transaction.on_commit(partial(add_profile, instance))
    transaction.on_commit(add_profile)


def add_profile(*args):
    model = apps.get_model("hooks", "Profile")
    model.objects.get_or_create(user_id=1)


class Receivers:
    def save_again(self, sender, instance, **kwargs):
        """Saves the row itself: makes none."""
        instance.save()

    def method(self, sender, **kwargs):
        sender.objects.bulk_create([])


class Task:
    """As Celery has them: `delay` has `run` called, elsewhere."""

    def delay(self, *args):
        raise NotImplementedError

    def run(self, *args):
        self.write()

    def write(self):
        apps.get_model("hooks.Audit").objects.create()


TASK = Task()


@receiver(post_save, sender=Watched)
def queued(sender, instance, **kwargs):
    TASK.delay(instance.pk)


RECEIVERS = Receivers()
post_save.connect(RECEIVERS.save_again, sender=Watched)
post_save.connect(RECEIVERS.method, sender=Watched)
namespace = {"Basket": Basket, "__name__": __name__}
exec("def without_source(sender, **kwargs): Basket.objects.create()", namespace)
post_save.connect(namespace["without_source"], sender=Watched)
