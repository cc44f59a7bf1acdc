from dataclasses import dataclass, field

from transformers import AutoModel, HfArgumentParser, Trainer, TrainingArguments


@dataclass
class Settings(TrainingArguments):
    output_dir: str = field(default="runs/first")


def main():
    (settings,) = HfArgumentParser(Settings).parse_args_into_dataclasses()
    trainer = Trainer(model=AutoModel.from_pretrained("gpt2"), args=settings)
    trainer.train()


if __name__ == "__main__":
    main()
