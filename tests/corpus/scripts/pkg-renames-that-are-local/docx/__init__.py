def report(values):
    return f"{values}"
