"""The same rows each time. Members are invited by others whose keys sort after theirs."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from accounts.models import Member
from orders.models import Order, Profile

MOMENT = datetime(2025, 1, 1, tzinfo=UTC)


def populate():
    members = []
    for n in range(5):
        member = Member.objects.create(
            id=uuid.UUID(int=100 - n),
            email=f"member{n}@example.com",
            password="!",
            invited_by=members[-1] if members else None,
            is_superuser=n == 0,
        )
        member.user_permissions.set(Permission.objects.filter(codename="view_order"))
        Profile.objects.create(member=member, newsletter=n % 2 == 0)
        members.append(member)
    group = Group.objects.create(name="shoppers")
    group.permissions.set(Permission.objects.filter(content_type__app_label="orders"))
    for n in range(8):
        members[n % 3].groups.add(group)
        order = Order.objects.create(ordered_by=members[n % 5], total=Decimal(n) / 8)
        order.shared_with.set(members[n % 2 : n % 4])
        LogEntry.objects.create(
            action_time=MOMENT,
            user=members[0],
            content_type=ContentType.objects.get_for_model(order),
            object_id=str(order.pk),
            object_repr=f"Order {n}",
            action_flag=CHANGE,
        )
