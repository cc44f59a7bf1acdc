from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

trainer = SFTTrainer(
    model="Qwen/Qwen2-0.5B",
    args=SFTConfig(output_dir="qwen-sft"),
    train_dataset=load_dataset("trl-lib/Capybara", split="train"),
)
trainer.train()
