BASE = "google/electra-small-discriminator"
