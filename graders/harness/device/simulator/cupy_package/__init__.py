"""The simulated CuPy: NumPy arrays that know that they live in device memory.

``modules.install()`` makes ``import cupy`` and ``import cupyx`` give it. It imports the
simulated machine and nothing else of the engine.
"""
