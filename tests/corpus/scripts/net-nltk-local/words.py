from nltk.tokenize import WhitespaceTokenizer


class Store:
    def download(self, name):
        return name


print(WhitespaceTokenizer().tokenize(Store().download("snow falls")))
