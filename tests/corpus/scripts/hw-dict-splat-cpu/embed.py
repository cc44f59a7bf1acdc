from sentence_transformers import SentenceTransformer

OPTIONS = {"device": "cpu", "trust_remote_code": False}


def encoder():
    return SentenceTransformer("all-MiniLM-L6-v2", **OPTIONS)


print(encoder().encode(["one sentence", "another"]).shape)
