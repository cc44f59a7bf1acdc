from datasets import load_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

tokenizer = AutoTokenizer.from_pretrained("distilbert-base-uncased")
model = AutoModelForSequenceClassification.from_pretrained("distilbert-base-uncased")
data = load_dataset("imdb").map(lambda row: tokenizer(row["text"], truncation=True), batched=True)
arguments = TrainingArguments(
    output_dir="out",
    num_train_epochs=1,
    fp16=True,
    report_to="none",
)
Trainer(model=model, args=arguments, train_dataset=data["train"]).train()
