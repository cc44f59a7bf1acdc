from pathlib import Path

import requests
import yaml
from transformers import AutoTokenizer

CONFIG = Path(__file__).parent / "conf" / "pull.yml"


def main():
    with CONFIG.open() as stream:
        config = yaml.load(stream, Loader=yaml.SafeLoader)
    source = config["source"]
    rows = requests.get(source["url"], timeout=30).json()
    print(len(rows), AutoTokenizer.from_pretrained(config["tokenizer"]))


if __name__ == "__main__":
    main()
