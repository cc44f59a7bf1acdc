"""Run by pipreqs' own Python: the packages that it names for each folder, and the seconds that it took.

Its command asks an index for each package's version, which is no part of the comparison.
"""

from __future__ import annotations

import json
import logging
import sys
import time

from pipreqs import pipreqs

logging.disable()
found = {}
pipreqs.get_pkg_names(["torch"])  # reads its table
started = time.process_time()
for folder in json.load(sys.stdin):
    try:
        found[folder] = pipreqs.get_pkg_names(pipreqs.get_all_imports(folder))
    except SyntaxError:
        found[folder] = []
json.dump({"seconds": time.process_time() - started, "packages": found}, sys.stdout)
