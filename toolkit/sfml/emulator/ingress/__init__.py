"""The way into services from outside: who may pass, and the bytes of those who may."""
