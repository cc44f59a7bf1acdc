import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp

print(jax.grad(lambda x: jnp.sin(x).sum())(jnp.ones(3)))
