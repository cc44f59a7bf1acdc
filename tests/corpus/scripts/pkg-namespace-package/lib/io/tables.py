from great_tables import GT


def show(frame):
    return GT(frame)
