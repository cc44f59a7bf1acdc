from langchain_community.document_loaders import TextLoader

pages = TextLoader("pages.txt").load()
print("see https://pages.example.org/a")
