from datetime import UTC, datetime, timedelta

from inheritance import models as m

MOMENT = datetime(2022, 6, 1, 12, 0, 0, 500, tzinfo=UTC)


def populate():
    make_places()
    pages = [m.Page.objects.create(slug=f"page-{n}") for n in range(3)]
    news = [m.NewsPage.objects.create(slug=f"news-{n}", body="}, {") for n in range(3)]
    pages.append(m.Page.objects.create(slug="last"))
    for n, page in enumerate(news):
        page.related.set([pages[-n], news[(n + 1) % 3]])


def make_places():
    suppliers = [m.Supplier.objects.create(name=f"Supplier {n}", created_at=MOMENT) for n in range(2)]
    m.Place.objects.create(name="Obelisk", created_at=MOMENT, updated_at=MOMENT + timedelta(days=1))
    restaurants = [m.Restaurant.objects.create(name=f"Restaurant {n}", stars=n, created_at=MOMENT) for n in range(3)]
    for n, name in enumerate(("Roma", "Napoli")):
        pizzeria = m.Pizzeria.objects.create(name=name, oven="wood", created_at=MOMENT, stars=n)
        pizzeria.suppliers.set(suppliers[n:])
        restaurants.append(pizzeria.restaurant_ptr)
    for n, restaurant in enumerate(restaurants):
        m.Waiter.objects.create(
            restaurant=restaurant,
            moonlights_at=None if n % 2 else m.Pizzeria.objects.get(name="Roma"),
            created_at=MOMENT,
        )
    for n, landmark in enumerate(m.Landmark.objects.order_by("pk")):
        m.Inspection.objects.create(landmark=landmark, passed=(None, True, False)[n % 3])
