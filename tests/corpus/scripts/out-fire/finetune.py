import fire
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments


def train(base_model: str = "huggyllama/llama-7b", output_dir: str = "./lora", epochs: int = 1):
    model = AutoModelForCausalLM.from_pretrained(base_model)
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=output_dir, num_train_epochs=epochs, report_to="none"),
    )
    trainer.train()
    model.save_pretrained(output_dir)


if __name__ == "__main__":
    fire.Fire(train)
