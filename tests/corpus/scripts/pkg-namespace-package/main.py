import lib.io.tables as tables
from lib import shapes

print(tables.show(shapes.FRAME))
