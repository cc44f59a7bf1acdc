from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

model = AutoModelForCausalLM.from_pretrained("sshleifer/tiny-gpt2")
arguments = TrainingArguments(output_dir="out", report_to=["wandb"], run_name="tiny")
Trainer(model=model, args=arguments, train_dataset=[{"input_ids": [1, 2], "labels": [1, 2]}]).train()
