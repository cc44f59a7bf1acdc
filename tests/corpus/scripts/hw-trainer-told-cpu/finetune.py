from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

model = AutoModelForCausalLM.from_pretrained("sshleifer/tiny-gpt2")
arguments = TrainingArguments("out", use_cpu=True)
Trainer(model=model, args=arguments, train_dataset=[{"input_ids": [1, 2], "labels": [1, 2]}]).train()
