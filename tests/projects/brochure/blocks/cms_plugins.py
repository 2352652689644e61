from cms.plugin_base import CMSPluginBase
from cms.plugin_pool import plugin_pool

from blocks import models as m


class Block(CMSPluginBase):
    render_template = "block.html"


@plugin_pool.register_plugin
class ColumnsPlugin(Block):
    model = m.Columns
    allow_children = True


@plugin_pool.register_plugin
class WordsPlugin(Block):
    model = m.Words


@plugin_pool.register_plugin
class TeaserPlugin(Block):
    model = m.Teaser
    allow_children = True


@plugin_pool.register_plugin
class OfferPlugin(Block):
    model = m.Offer
