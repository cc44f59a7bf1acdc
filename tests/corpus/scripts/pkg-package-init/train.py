from model import build

print(build(4))
