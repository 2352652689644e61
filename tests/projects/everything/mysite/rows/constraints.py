from datetime import date, timedelta

from constraints import models as m

DAY = date(2024, 2, 29)


def populate():
    accounts = [
        m.Account.objects.create(
            email=f"account{n}@example.com", phone=None if n % 2 else f"+41 {n}", bank=f"BANK{n % 2}", number=f"{n:010}"
        )
        for n in range(6)
    ]
    for n in range(12):
        m.Booking.objects.create(
            account=accounts[n % 6], room=n % 3, day=DAY + timedelta(days=n // 3), seat=None if n % 4 == 0 else n
        )
    for n in range(6):
        m.Coupon.objects.create(code=f"code{n % 3}", active=n < 3)
    for n, account in enumerate(accounts):
        m.Handle.objects.create(account=account, name=f"Handle{n}", domain="Example.com")
        m.Handle.objects.create(account=account, name=f"handle{n}", domain="example.org")
    for n in range(4):
        m.Desk.objects.create(room=None if n % 2 else "room", number=n)
    for n in range(5):
        m.Track.objects.create(title=f"Track {n}", position=4 - n)
        m.Interval.objects.create(low=-n, high=n)
        m.UniqueForMonth.objects.create(slug=f"slug-{n}", day=DAY + timedelta(days=n))
