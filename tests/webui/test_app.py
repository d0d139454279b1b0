"""The inbox is put together from its rooms."""

from importlib import import_module
from pkgutil import walk_packages

from flask import Blueprint, Flask
from jinja2 import meta

import webui


def test_every_blueprint_that_there_is_belongs_to_the_app(app: Flask) -> None:
    modules = [import_module(found.name) for found in walk_packages(webui.__path__, "webui.")]
    written = {one for module in modules for one in vars(module).values() if isinstance(one, Blueprint)}
    assert len(written) > 15
    assert written <= set(app.blueprints.values())


def test_every_template_that_another_one_names_exists(app: Flask) -> None:
    environment = app.jinja_env
    there = set(environment.list_templates())
    for name in there:
        assert environment.loader is not None
        source, _path, _uptodate = environment.loader.get_source(environment, name)
        assert set(meta.find_referenced_templates(environment.parse(source))) <= there, name
