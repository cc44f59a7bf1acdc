from dataclasses import dataclass, field

from transformers import HfArgumentParser


@dataclass
class Settings:
    output_dir: str = field(default="runs/first")
    words: str = "words.txt"


def main():
    (settings,) = HfArgumentParser(Settings).parse_args_into_dataclasses()
    print(len(open(settings.words).read().split()))


if __name__ == "__main__":
    main()
