from datasets import load_dataset
from trl import ModelConfig, ScriptArguments, SFTConfig, SFTTrainer, TrlParser


def main(script_args, training_args, model_args):
    data = load_dataset(script_args.dataset_name, name=script_args.dataset_config)
    trainer = SFTTrainer(model=model_args.model_name_or_path, args=training_args, train_dataset=data["train"])
    trainer.train()
    trainer.save_model(training_args.output_dir)


if __name__ == "__main__":
    parser = TrlParser((ScriptArguments, SFTConfig, ModelConfig))
    main(*parser.parse_args_and_config())
