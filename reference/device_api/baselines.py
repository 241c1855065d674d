"""The plain CuPy programs that would be written without the device API."""

import cupy as cp


def simulate(
    n_paths: int,
    n_steps: int,
    s0: float,
    mu: float,
    sigma: float,
    strike: float,
    premium: float,
    seed: int,
) -> tuple[cp.ndarray, cp.ndarray]:
    """Return the payoffs along random paths: each array is written, then read again."""
    generator = cp.random.default_rng(seed)
    z = generator.standard_normal((n_paths, n_steps - 1), dtype=cp.float32)
    price = cp.empty((n_paths, n_steps), dtype=cp.float32)
    price[:, 0] = s0
    price[:, 1:] = s0 * cp.exp(cp.cumsum(mu + sigma * z, axis=1))
    call = cp.maximum(price - strike, 0) - premium
    put = cp.maximum(strike - price, 0) - premium
    return call, put


def convolve(signal: cp.ndarray, filter_data: cp.ndarray) -> cp.ndarray:
    """Filter each row: a transform, a product, a transform, a division."""
    return cp.fft.ifft(cp.fft.fft(signal) * filter_data)
