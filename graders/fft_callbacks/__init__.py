"""The checks of the exercises on FFT callbacks."""
