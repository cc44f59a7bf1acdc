import haiku as hk
import jax
import jax.numpy as jnp

net = hk.without_apply_rng(hk.transform(lambda x: hk.Linear(1)(x).mean()))
params = net.init(jax.random.PRNGKey(0), jnp.ones((2, 3)))
print(jax.jit(jax.grad(net.apply))(params, jnp.ones((2, 3))))
