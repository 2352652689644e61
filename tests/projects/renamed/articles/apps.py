from django.apps import AppConfig


class Articles(AppConfig):
    name = "articles"
    default = True


class Press(AppConfig):
    name = "articles"
    label = "press"
