"""The truth about the device_api exercises, without a GPU."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]


def simulate(
    n_paths: int,
    n_steps: int,
    s0: float,
    mu: float,
    sigma: float,
    strike: float,
    premium: float,
    seed: int,
) -> tuple[Array, Array]:
    """Return payoffs along paths of NumPy's random numbers: the law, not the numbers."""
    z = np.random.default_rng(seed).standard_normal((n_paths, n_steps - 1))
    return payoffs(prices(z, s0, mu, sigma), strike, premium)


def prices(z: Array, s0: float, mu: float, sigma: float) -> Array:
    """Return the prices of paths, s0 included, for their normal numbers."""
    logs = np.cumsum(mu + sigma * z, axis=1)
    return s0 * np.exp(np.hstack([np.zeros((len(z), 1)), logs]))


def payoffs(price: Array, strike: float, premium: float) -> tuple[Array, Array]:
    """Return what a call and a put pay at these prices."""
    call = np.maximum(price - strike, 0) - premium
    put = np.maximum(strike - price, 0) - premium
    return call, put


def normals(price: Array, mu: float, sigma: float) -> Array:
    """Return the numbers that led from each price to the next."""
    return np.asarray((np.diff(np.log(price), axis=1) - mu) / sigma)


def convolve(
    signal: npt.NDArray[np.complexfloating],
    filter_data: npt.NDArray[np.complexfloating],
) -> Spectrum:
    """Return the rows of a signal, filtered; ``filter_data`` holds the spectra."""
    spectrum = np.fft.fft(signal.astype(np.complex128), axis=-1)
    return np.fft.ifft(spectrum * filter_data.astype(np.complex128), axis=-1)


def convolve_mistakes(
    signal: npt.NDArray[np.complexfloating],
    filter_data: npt.NDArray[np.complexfloating],
) -> dict[str, Callable[[], Spectrum]]:
    """Return what the usual mistakes give, by the message for each."""
    x = signal.astype(np.complex128)
    h = filter_data.astype(np.complex128)
    n = signal.shape[-1]
    fft, ifft = np.fft.fft, np.fft.ifft
    return {
        "The filter was not applied: this is the signal.": lambda: x,
        "This is the spectrum times the filter: the inverse transform is missing.": (
            lambda: fft(x) * h
        ),
        "The second transform is a forward one.": lambda: fft(fft(x) * h) / n,
        "The first transform is an inverse one.": lambda: ifft(ifft(x) * n * h),
        "The two directions are exchanged.": lambda: fft(ifft(x) * h),
        "The signal, not its spectrum, was multiplied by the filter.": lambda: x * h,
        "Filter_data was transformed: it is a spectrum already.": (
            lambda: ifft(fft(x) * fft(h))
        ),
        "The filter was conjugated: this is a correlation.": (
            lambda: ifft(fft(x) * h.conj())
        ),
        "All rows got the filter of the first one.": lambda: ifft(fft(x) * h[:1]),
        "The elements of each row are shifted by one against the filter's.": (
            lambda: ifft(fft(x) * np.roll(h, 1, axis=-1))
        ),
    }
