import argparse
import json
import tomllib

import requests

parser = argparse.ArgumentParser()
parser.add_argument("--config", default="config.json")
args = parser.parse_args()
with open(args.config) as stream:
    config = json.load(stream)
with open("extra.toml", "rb") as stream:
    extra = tomllib.load(stream)
requests.get(config["endpoint"], timeout=3)
requests.get(extra["service"]["endpoint"], timeout=3)
