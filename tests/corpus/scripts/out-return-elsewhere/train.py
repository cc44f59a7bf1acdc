from sklearn.linear_model import Ridge


def main():
    __return__ = Ridge().fit([[1], [2]], [1, 2]).coef_.tolist()
    return len(__return__)


if __name__ == "__main__":
    print(main())
