from django.db import models
from mptt.models import MPTTModel, TreeForeignKey
from treebeard.al_tree import AL_Node
from treebeard.mp_tree import MP_Node
from treebeard.ns_tree import NS_Node


class Path(MP_Node):
    steplen = 3
    alphabet = "0123456789"


class Page(Path):
    title = models.CharField(max_length=10)


class Sets(NS_Node):
    name = models.CharField(max_length=10)


class List(AL_Node):
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    sib_order = models.PositiveIntegerField()


class Mptt(MPTTModel):
    above = TreeForeignKey("self", models.CASCADE, null=True)

    class MPTTMeta:
        parent_attr = "above"
        left_attr = "left_side"
