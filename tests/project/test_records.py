"""What is handed to a user as a record stays what it was."""

from dataclasses import is_dataclass
from importlib import import_module
from pkgutil import walk_packages

import autograd


def test_every_record_of_the_engine_is_frozen():
    modules = [
        import_module(module.name)
        for module in walk_packages(autograd.__path__, "autograd.")
        if "__main__" not in module.name
    ]
    records = {
        kind for module in modules for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)
    }
    assert len(records) > 15
    assert [kind.__name__ for kind in records if not kind.__dataclass_params__.frozen] == []
