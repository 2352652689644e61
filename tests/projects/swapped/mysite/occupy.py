"""Rows in the way of `populate`'s: a member, a group under another number, and other orders under the same numbers."""

import uuid
from decimal import Decimal

from django.contrib.auth.models import Group, Permission

from accounts.models import Member
from orders.models import Order, Profile
from support.content_types import reverse_content_types


def occupy():
    reverse_content_types()
    member = Member.objects.create(id=uuid.UUID(int=99), email="member1@example.com", password="!", nickname="one")
    local = Member.objects.create(id=uuid.UUID(int=501), email="local@example.com", password="!", invited_by=member)
    Profile.objects.create(member=local, newsletter=True)
    groups = [Group.objects.create(name=name) for name in ("locals", "shoppers")]
    groups[1].permissions.set(Permission.objects.filter(codename="add_order"))
    local.groups.set(groups)
    for n in range(3):
        Order.objects.create(ordered_by=local, total=Decimal(100 + n)).shared_with.set([member])
