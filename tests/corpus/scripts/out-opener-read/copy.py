import argparse

import smart_open
from fsspec.implementations.local import LocalFileSystem

parser = argparse.ArgumentParser()
parser.add_argument("--first")
args = parser.parse_args()
files = LocalFileSystem()
with files.open(args.first, "rb") as source:
    print(len(source.read()), smart_open.__version__)
