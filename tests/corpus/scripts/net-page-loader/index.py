from langchain_community.document_loaders import WebBaseLoader

pages = WebBaseLoader(web_paths=("https://pages.example.org/a", "https://pages.example.org/b")).load()
