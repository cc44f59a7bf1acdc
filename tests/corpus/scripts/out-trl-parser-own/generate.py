from dataclasses import dataclass

from trl import ModelConfig, TrlParser


@dataclass
class Arguments:
    prompts: str = "prompts.txt"


def main():
    parts = (Arguments, ModelConfig)
    args, model_args = TrlParser(parts).parse_args_and_config()
    print(open(args.prompts).read(), model_args.model_name_or_path)


if __name__ == "__main__":
    main()
