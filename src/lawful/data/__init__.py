"""Events: reading, checking, splitting, weighting.

`Events` holds observations with their weights, units and systematic variations; `read` makes them from files of
every format that `write` makes. Readers and writers, and the heavy modules they need, are loaded when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lawful.data.chunking import chunks
    from lawful.data.cloud_checks import check_cloud
    from lawful.data.clouds import Cloud
    from lawful.data.concatenating import concatenate
    from lawful.data.events import Events
    from lawful.data.formats import trees
    from lawful.data.images import jet_images
    from lawful.data.padding import Cut
    from lawful.data.reading import read
    from lawful.data.summary import Summary
    from lawful.data.write import Writer

# No module is called like what it holds: importing it would put the module in the place of the function.
_HOME = {
    "Cloud": "clouds",
    "Cut": "padding",
    "Events": "events",
    "Summary": "summary",
    "Writer": "write",
    "check_cloud": "cloud_checks",
    "chunks": "chunking",
    "concatenate": "concatenating",
    "jet_images": "images",
    "read": "reading",
    "trees": "formats",
}

__all__ = [
    "Cloud",
    "Cut",
    "Events",
    "Summary",
    "Writer",
    "check_cloud",
    "chunks",
    "concatenate",
    "jet_images",
    "read",
    "trees",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"lawful.data.{_HOME[name]}"), name)
    raise AttributeError(f"module 'lawful.data' has no attribute {name!r}")
