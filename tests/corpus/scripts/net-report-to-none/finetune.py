from transformers import AutoConfig, AutoModelForCausalLM, Trainer, TrainingArguments

model = AutoModelForCausalLM.from_config(AutoConfig.for_model("gpt2", n_layer=2))
arguments = TrainingArguments(output_dir="out", report_to="tensorboard")
Trainer(model=model, args=arguments, train_dataset=[{"input_ids": [1, 2], "labels": [1, 2]}]).train()
