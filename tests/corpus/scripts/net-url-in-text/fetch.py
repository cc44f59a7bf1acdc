"""Scores rows; the data are described at https://data.example.org/readme."""

import argparse

import numpy as np
from requests.exceptions import RequestException

# see https://api.weather.gov
HOMEPAGE = "https://files.example.net/v1/"


def main():
    """Reads nothing from https://huggingface.co or s3://bucket/key."""
    parser = argparse.ArgumentParser(epilog="docs: https://docs.example.org")
    parser.add_argument("--rows", type=int, default=3, help="see https://example.org/rows")
    try:
        print(np.ones(parser.parse_args().rows), "more at https://example.org")
    except RequestException as error:
        raise SystemExit("see https://example.org/errors") from error


main()
