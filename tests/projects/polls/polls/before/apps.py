from django.apps import AppConfig


class Before(AppConfig):
    name = "polls.before"
    label = "polls"
