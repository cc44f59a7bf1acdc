import sys
from ast import literal_eval

import tiktoken

for arg in sys.argv[1:]:
    key, value = arg.lstrip("-").split("=")
    globals()[key] = literal_eval(value)
