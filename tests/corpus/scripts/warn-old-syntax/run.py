import numpy as np


def main(kind, /):
    match kind:
        case "ones":
            values = np.ones(2)
        case _:
            values = np.zeros(2)
    if (total := values.sum()) > 1:
        print(f"{total=}")
    return values


print(main("ones"))
