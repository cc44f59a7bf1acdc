"""Runs inside a job: which packages its runtime has. Standard library only: the job has no sfml."""

import sys
from importlib.metadata import distributions

names = {dist.metadata["Name"]: dist.version for dist in distributions()}
__return__ = {
    "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    "packages": {name: version for name, version in names.items() if name},
}
