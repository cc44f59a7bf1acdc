"""Container images: what there is to build, its content, builds, checks and pushes."""
