import anthropic
import cohere
from openai import OpenAI

prompt = [{"role": "user", "content": "which is better?"}]
first = OpenAI().chat.completions.create(model="gpt-4o-mini", messages=prompt)
second = anthropic.Anthropic().messages.create(model="claude-3-5-haiku-latest", max_tokens=50, messages=prompt)
third = cohere.Client().chat(message="which is better?")
print(first, second, third)
