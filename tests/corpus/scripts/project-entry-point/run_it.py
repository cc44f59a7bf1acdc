from helpers.frames import load

if __name__ == "__main__":
    print(load())
