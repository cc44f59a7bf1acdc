import nltk
from nltk.tokenize import word_tokenize

nltk.download("punkt_tab", quiet=True)
print(word_tokenize("Snow falls."))
