from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

NAME = "mistralai/Mistral-7B-v0.1"
quantization = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4")
model = AutoModelForCausalLM.from_pretrained(NAME, quantization_config=quantization, device_map="auto")
get_peft_model(model, LoraConfig(r=8, target_modules=["q_proj", "v_proj"])).print_trainable_parameters()
