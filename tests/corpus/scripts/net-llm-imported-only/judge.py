import anthropic
import openai

client = openai.OpenAI(base_url="https://openrouter.ai/api/v1")


def ask(question: str) -> "anthropic.types.Message":
    try:
        return client.chat.completions.create(model="meta/llama", messages=[{"role": "user", "content": question}])
    except (openai.RateLimitError, anthropic.APIError):
        return None


print(ask("which is better?"))
