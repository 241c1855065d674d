"""Versions that are known not to go together. Imports nothing of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graders.harness.doctor.findings import State


@dataclass(frozen=True, kw_only=True)
class KnownBad:
    """
    Versions that do not go together.

    Attributes:
        versions: Ranges by name, all of which must hold; an empty range is any version.
            Names are those of packages, of libraries as ``libraries.py`` has them, and
            ``CUDA of the driver`` and ``compute capability``.

        text: What comes of it.

        run: The commands that mend it.

        lacks: Libraries that programs cannot use as long as it is so.

        stops: Devices on which nothing can be graded.
    """

    versions: Mapping[str, str]
    text: str
    run: tuple[str, ...] = ()
    advice: str = ""
    lacks: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    state: State = "problem"
    gpu: bool = True  # whether it matters only where there is a GPU


_CU12 = "python -m pip install -e '.[cu12]'"
_CU13 = "python -m pip install -e '.[cu13]'"
_ONE_OF = {"cupy-cuda12x", "cupy-cuda13x"}
_NO_CUPY = "python -m pip uninstall -y cupy cupy-cuda12x cupy-cuda13x"

KNOWN_BAD = (
    # CuPy's installation guide: install only one CuPy package; they share one folder.
    KnownBad(
        versions={"cupy-cuda12x": "", "cupy-cuda13x": ""},
        text="CuPy is installed for CUDA 12 and for CUDA 13; each has overwritten files "
        "of the other.",
        run=(_NO_CUPY, _CU13),
        advice="Take .[cu12] in the last command where the driver is for CUDA 12.",
        stops=("cuda",),
    ),
    # NVIDIA's compatibility guide: a driver runs no newer major version of CUDA.
    KnownBad(
        versions={"cupy-cuda13x": "", "CUDA of the driver": "<13"},
        text="CuPy is installed for CUDA 13, and the driver is for CUDA 12 at most.",
        run=(_NO_CUPY, _CU12),
        advice="Or install a driver of version 580 or newer.",
        stops=("cuda",),
    ),
    KnownBad(
        versions={"cupy-cuda12x": "", "CUDA of the driver": "<12"},
        text="CuPy is installed for CUDA 12, and the driver is older.",
        advice="Install a driver of version 525 or newer.",
        stops=("cuda",),
    ),
    # CUDA 13's release notes; numba-cuda: "requires >=7.5" (CCSupportError).
    KnownBad(
        versions={"cupy-cuda13x": "", "compute capability": "<7.5"},
        text="CUDA 13 has no compiler for this GPU, whose compute capability is below "
        "7.5.",
        run=(_NO_CUPY, _CU12),
        stops=("cuda",),
    ),
    # nvmath-python's documentation of FFT callbacks: compute capability 7.0 or above.
    KnownBad(
        versions={"compute capability": "<7.0"},
        text="Callbacks of transforms need a GPU of compute capability 7.0 or above.",
        advice="Grade with --device simulator.",
        lacks=("callbacks",),
    ),
    # CuPy issues 9318, 8317 and 8013: before 14 it does not find libraries in wheels.
    KnownBad(
        versions={"cupy-cuda12x": "<14"},
        text="This CuPy does not find CUDA's libraries where pip installs them.",
        run=(_CU12,),
    ),
    KnownBad(
        versions={"cupy-cuda13x": "<14"},
        text="This CuPy does not find CUDA's libraries where pip installs them.",
        run=(_CU13,),
    ),
    # cupti-python on PyPI: 12.x is for CUDA 12, 13.x requires nvidia-cuda-cupti 13.
    KnownBad(
        versions={"cupti-python": ">=13", "cupy-cuda12x": ""},
        text="cupti-python is for CUDA 13, and CuPy for CUDA 12: what programs do on the "
        "GPU cannot be recorded.",
        run=(_CU12,),
        lacks=("CUPTI",),
    ),
    KnownBad(
        versions={"cupti-python": "<13", "cupy-cuda13x": ""},
        text="cupti-python is for CUDA 12, and CuPy for CUDA 13: what programs do on the "
        "GPU cannot be recorded.",
        run=(_CU13,),
        lacks=("CUPTI",),
    ),
    # nvmath-python issue 23: the first cuFFT that links callbacks is that of CUDA 12.6U2.
    KnownBad(
        versions={"cuFFT": "<11.3"},
        text="Callbacks of transforms need cuFFT 11.3 or newer (CUDA 12.6).",
        run=("python -m pip install -U 'nvidia-cufft-cu12>=11.3'",),
        lacks=("callbacks",),
    ),
    # nvmath-python 1.0.0, fft.py, _is_lto_supported_shape: wrong results of callbacks on
    # the real side; 1.0 refuses such lengths, 0.9 computes. Resolved in CUDA 13.4.
    KnownBad(
        versions={"cuFFT": "==12.3.*"},
        text="cuFFT 12.3 computes some long transforms with callbacks wrong, and nvmath "
        "refuses those. No exercise here is as long.",
        run=("python -m pip install -U 'nvidia-cufft>=12.4'",),
        state="note",
    ),
    # nvmath-python's release note 0.9.0: callbacks fail on compute capability 12.0.
    KnownBad(
        versions={"cuFFT": ">=11.3.3,<12", "compute capability": "==12.0"},
        text="On this GPU, callbacks need CUDA 13: with CUDA 12.8 and 12.9 they do not "
        "link.",
        run=(_NO_CUPY, _CU13),
        lacks=("callbacks",),
    ),
    # nvmath-python issue 45; direct_solver.py, _check_cudss_version: required = (0, 8).
    KnownBad(
        versions={"nvmath-python": ">=1.0,<1.1", "cuDSS": "!=0.8.*"},
        text="nvmath-python 1.0 takes cuDSS 0.8 and no other.",
        run=("python -m pip install -e '.[cu13]'",),
        advice="Take .[cu12] where CuPy is for CUDA 12.",
        lacks=("cuDSS",),
    ),
    # nvmath-python 1.0's metadata: nvidia-libmathdx-cu13!=0.3.1.8,<0.4.0,>=0.3.1.
    KnownBad(
        versions={"nvidia-libmathdx-cu12": "==0.3.1.8"},
        text="nvmath-python leaves this version of libmathdx out.",
        run=(_CU12,),
        lacks=("libmathdx",),
    ),
    KnownBad(
        versions={"nvidia-libmathdx-cu13": "==0.3.1.8"},
        text="nvmath-python leaves this version of libmathdx out.",
        run=(_CU13,),
        lacks=("libmathdx",),
    ),
    # numba-cuda issue 841: ERROR_INVALID_IR, mended in 0.30.
    KnownBad(
        versions={"numba-cuda": "==0.29.0"},
        text="This numba-cuda compiles some callbacks to code that NVVM refuses.",
        run=("python -m pip install 'numba-cuda>=0.30,<1'",),
        gpu=False,
    ),
    # NumPy 2.5's release notes: np.row_stack is gone; numba uses it (pyproject.toml).
    KnownBad(
        versions={"numpy": ">=2.5", "numba": "<=0.68.1"},
        text="numba uses a function that NumPy 2.5 has no more.",
        run=("python -m pip install 'numpy<2.5'",),
        gpu=False,
    ),
)


def known_bad(versions: Mapping[str, str], *, gpu: bool) -> Iterator[KnownBad]:
    """
    Yield what of the table holds.

    Args:
        versions: What is here, by the table's names.

        gpu: Whether there is a GPU that it could matter to.

    Raises:
        ImportError: ``packaging`` is not installed.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - may be missing

    mixed = versions.keys() >= _ONE_OF
    for bad in KNOWN_BAD:
        if bad.gpu and not gpu:
            continue
        if mixed and len(_ONE_OF & bad.versions.keys()) == 1:
            continue  # which of the two it is, is not known
        if all(
            name in versions
            and SpecifierSet(range_, prereleases=True).contains(versions[name])
            for name, range_ in bad.versions.items()
        ):
            yield bad
