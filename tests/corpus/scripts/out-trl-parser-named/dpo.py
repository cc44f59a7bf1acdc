from trl import DPOTrainer, TrlParser


def make_parser():
    from trl import ModelConfig, OnlineDPOConfig, ScriptArguments

    parts = (ScriptArguments, ModelConfig)
    return TrlParser(parts + (OnlineDPOConfig,))


def main():
    script_args, model_args, training_args = make_parser().parse_args_and_config()
    trainer = DPOTrainer(model=model_args.model_name_or_path, args=training_args)
    trainer.train()


if __name__ == "__main__":
    main()
