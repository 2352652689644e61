"""Two sites, each numbered from 1: bob has an account at both, and both sell the same teapot."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, Permission, User

from shop.models import Category, Order, Product, Review, Section

BEGAN = datetime(2024, 2, 29, 12, tzinfo=UTC)

TEA = ("Tea", [("Green", [("Sencha", []), ("Gyokuro", [])]), ("Black", [])])
CUPS = ("Cups", [("Glass", []), ("Clay", [])])
BOOKS = ("Books", [("Poems", [("Haiku", [])]), ("Tea", [])])


def one():
    make(["ann", "bob", "cleo"], ["staff", "editors"], [TEA, CUPS], ["teapot", "sencha", "beaker", "kyusu"])


def other():
    make(["bob", "dan", "eve"], ["editors", "buyers"], [BOOKS], ["teapot", "basho", "book of tea"])


def make(names, groups, trees, skus):
    users = [User.objects.create(username=name, password="!", date_joined=BEGAN) for name in names]
    for number, name in enumerate(groups):
        group = Group.objects.create(name=name)
        group.permissions.set(Permission.objects.filter(codename__endswith=("_product", "_order")[number]))
        group.user_set.set(users[number:])
    for name, children in trees:
        category(name, children, None)
        section(name, children, None)
    categories, sections = list(Category.objects.order_by("pk")), list(Section.objects.order_by("pk"))
    products = []
    for number, sku in enumerate(skus):
        product = Product.objects.create(
            sku=sku, name=sku.title(), category=categories[-number], seller=users[number % len(users)]
        )
        product.sections.set(sections[number:])
        products.append(product)
    for number in range(6):
        order = Order.objects.create(
            customer=users[number % 3], ordered_at=BEGAN + timedelta(hours=number, days=len(skus))
        )
        order.products.set(products[number % 3 :])
        for of in (order, products[number % len(products)], categories[number % len(categories)]):
            Review.objects.create(
                of=of, author=users[-number % 3], text=f"{of._meta.model_name} {number} of {names[0]}"
            )


def category(name, children, parent):
    made = Category.objects.create(name=name, parent=parent)
    for one, below in children:
        category(one, below, made)


def section(name, children, parent):
    made = Section.objects.get(pk=parent.pk).add_child(name=name) if parent else Section.add_root(name=name)
    for one, below in children:
        section(one, below, made)
