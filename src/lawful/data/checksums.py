"""A number that tells whether two sets of events are the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lawful.data.clouds import Cloud
from lawful.data.roles import Roles


def of(roles: Roles, columns: Mapping[str, npt.NDArray[Any]], clouds: Mapping[str, Cloud]) -> str:
    """SHA-256 of roles, columns and clouds, as 64 hexadecimal digits; the same for the same contents anywhere."""
    digest = hashlib.sha256(json.dumps(roles.notes(), sort_keys=True).encode())
    arrays = dict(columns)
    for name, cloud in clouds.items():
        arrays |= {f"{name}/{field}": cloud[field] for field in cloud.fields} | {f"{name}/": cloud.offsets}
    for name in sorted(arrays):
        values = arrays[name]
        little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
        digest.update(json.dumps([name, little.dtype.str, len(little)]).encode())
        digest.update(little.tobytes())
    return digest.hexdigest()
