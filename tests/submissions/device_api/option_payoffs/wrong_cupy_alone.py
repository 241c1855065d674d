# Does all of it with CuPy's functions; the values are right.
# expect: failed device_api not_fused

import cupy as cp


def simulate(n_paths, n_steps, s0, mu, sigma, strike, premium, seed):
    z = cp.random.default_rng(seed).standard_normal((n_paths, n_steps - 1), dtype=cp.float32)
    logs = cp.zeros((n_paths, n_steps), dtype=cp.float32)
    logs[:, 1:] = cp.cumsum(mu + sigma * z, axis=1)
    price = s0 * cp.exp(logs)
    call = cp.maximum(price - strike, 0) - premium
    put = cp.maximum(strike - price, 0) - premium
    return call.astype(cp.float32), put.astype(cp.float32)
