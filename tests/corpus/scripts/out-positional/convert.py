import argparse
import json

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("target")
args = parser.parse_args()
with open(args.source) as stream:
    rows = stream.readlines()
with open(args.target, "w") as stream:
    json.dump(rows, stream)
