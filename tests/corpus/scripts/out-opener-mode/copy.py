import argparse

import smart_open
from fsspec.implementations.local import LocalFileSystem

parser = argparse.ArgumentParser()
parser.add_argument("--first")
parser.add_argument("--second")
args = parser.parse_args()
files = LocalFileSystem()
with files.open(args.first, "rb") as source, files.open(args.second, "wb") as copy:
    copy.write(source.read())
print(smart_open.__version__)
