from acme.features import build
from acme.models.linear import fit
from google.protobuf import struct_pb2

print(fit(build()), struct_pb2.Struct())
