from sklearn.linear_model import Ridge


def main():
    return Ridge().fit([[1], [2]], [1, 2]).coef_.tolist()


if __name__ == "__main__":
    __return__ = main()
