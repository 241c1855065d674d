"""Names that CuPy 14.2 has and the simulator has no model of; using one says so.

Classes and functions can be imported and named; what raises is the call. Modules raise
when they are imported, constants when they are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from graders.harness.device.simulator import not_modelled as words
from graders.harness.device.simulator.cupy_package.errors import (
    NotModelled,
    missing_class,
    not_modelled,
)
from graders.harness.device.simulator.cupy_package.names import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec

_CLASSES = {
    "cupy": "DataSource broadcast format_parser poly1d",
    "cupy.cuda": "CFunctionAllocator Function Graph ManagedMemory MemoryAsync "
    "MemoryHook Module PythonFunctionAllocator",
    "cupy.cuda.device": "Handle",
    "cupy.cuda.memory": "CFunctionAllocator CFunctionAllocatorMemory ManagedMemory "
    "MemoryAsync PooledMemory PythonFunctionAllocator PythonFunctionAllocatorMemory "
    "SingleDeviceMemoryPool SystemMemory",
    "cupy.cuda.pinned_memory": "PooledPinnedMemory",
    "cupy.cuda.runtime": "MemPoolProps PointerAttributes",
    "cupy.testing": "NumpyAliasBasicTestBase NumpyAliasValuesTestBase",
    "cupyx": "DeviceSynchronized",
    "cupyx.scipy.signal": "BadCoefficients StateSpace TransferFunction ZerosPolesGain",
    "cupyx.scipy.sparse.linalg": "LinearOperator",
}
_FUNCTIONS = {
    "cupy": """
        alltrue array2string array_repr array_str asarray_chkfinite asfarray byte_bounds
        common_type cumproduct disp find_common_type fromDlpack get_array_wrap
        in1d issctype issubclass_ issubsctype make_aligned_dtype msort
        obj2sctype product safe_eval sctype2char set_string_function show_config sometrue
        trapz who
    """,
    "cupy.cuda": """
        get_cublas_handle get_cuda_path get_hipcc_path get_nvcc_path get_rocm_path
        malloc_managed
    """,
    "cupy.cuda.device": """
        from_pointer get_cublas_handle get_cusolver_handle get_cusolver_sp_handle
        get_cusparse_handle get_cutensor_handle
    """,
    "cupy.cuda.memory": "malloc_managed malloc_system",
    "cupy.cuda.pinned_memory": "is_memory_pinned",
    "cupy.cuda.runtime": """
        check_status createSurfaceObject createTextureObject destroySurfaceObject
        destroyTextureObject deviceDisablePeerAccess deviceEnablePeerAccess
        deviceGetAttribute deviceGetByPCIBusId deviceGetDefaultMemPool deviceGetLimit
        deviceGetMemPool deviceGetPCIBusId deviceSetLimit deviceSetMemPool eventCreate
        eventCreateWithFlags eventDestroy eventElapsedTime eventQuery eventRecord
        eventSynchronize freeArray freeAsync freeHost graphDebugDotPrint graphDestroy
        graphExecDestroy graphInstantiate graphLaunch graphUpload hostAlloc hostRegister
        hostUnregister ipcCloseMemHandle ipcGetEventHandle ipcGetMemHandle
        ipcOpenEventHandle ipcOpenMemHandle launchHostFunc malloc3DArray mallocArray
        mallocAsync mallocFromPoolAsync mallocManaged memAdvise memPoolCreate
        memPoolDestroy memPoolGetAttribute memPoolSetAttribute memPoolTrimTo
        memPrefetchAsync memcpy2D memcpy2DAsync memcpy2DFromArray memcpy2DFromArrayAsync
        memcpy2DToArray memcpy2DToArrayAsync memcpy3D memcpy3DAsync memcpyPeer
        memcpyPeerAsync pointerGetAttributes pointerGetMemoryType streamAddCallback
        streamBeginCapture streamCreate streamCreateWithFlags streamCreateWithPriority
        streamDestroy streamEndCapture streamGetFlags streamGetPriority
        streamIsCapturing streamWaitEvent
    """,
    "cupy.random": "bytes multinomial",
    "cupy.testing": """
        AssertFunctionIsCalled assert_warns fix_random for_CF_orders for_all_dtypes
        for_all_dtypes_combination for_complex_dtypes for_contiguous_axes for_dtypes
        for_dtypes_combination for_float_dtypes for_int_dtypes
        for_int_dtypes_combination for_orders for_signed_dtypes
        for_signed_dtypes_combination for_unsigned_dtypes
        for_unsigned_dtypes_combination generate_matrix generate_seed installed
        multi_gpu numpy_cupy_allclose numpy_cupy_array_almost_equal
        numpy_cupy_array_almost_equal_nulp numpy_cupy_array_equal numpy_cupy_array_less
        numpy_cupy_array_list_equal numpy_cupy_array_max_ulp numpy_cupy_equal
        numpy_cupy_raises numpy_satisfies parameterize product product_dict
        shaped_arange shaped_linspace shaped_random shaped_reverse_arange
        shaped_sparse_random slow with_requires
    """,
    "cupyx": "allow_synchronize errstate get_runtime_info geterr seterr",
    "cupyx.profiler": "load_ipython_extension",
    "cupyx.scipy.fft": """
        dct dctn dst dstn fht get_fft_plan hfft2 hfftn idct idctn idst idstn ifht ihfft2
        ihfftn next_fast_len
    """,
    "cupyx.scipy.linalg": """
        bandwidth convolution_matrix fiedler fiedler_companion helmert leslie
    """,
    "cupyx.scipy.ndimage": """
        binary_fill_holes binary_hit_or_miss binary_propagation black_tophat
        distance_transform_edt extrema find_objects fourier_ellipsoid fourier_shift
        fourier_uniform generate_binary_structure generic_filter generic_filter1d
        generic_gradient_magnitude histogram iterate_structure labeled_comprehension
        maximum_position minimum_position morphological_gradient morphological_laplace
        spline_filter1d value_indices white_tophat
    """,
    "cupyx.scipy.signal": """
        abcd_normalize argrelextrema argrelmax argrelmin band_stop_obj bilinear
        bilinear_zpk bode buttap butter buttord cheb1ap cheb1ord cheb2ap cheb2ord cheby1
        cheby2 check_COLA check_NOLA chirp coherence cont2discrete correlation_lags csd
        cspline1d cspline1d_eval cspline2d cwt dbode decimate deconvolve detrend
        dfreqresp dimpulse dlsim dlti dstep ellip ellipap ellipord filtfilt find_peaks
        findfreqs firls firwin firwin2 freqresp freqs freqs_zpk freqz freqz_sos
        freqz_zpk gammatone gauss_spline gausspulse get_window group_delay hilbert2
        iircomb iirdesign iirfilter iirnotch iirpeak impulse invres invresz istft
        kaiser_atten kaiser_beta kaiserord lfilter lfilter_zi lfiltic lombscargle lp2bp
        lp2bp_zpk lp2bs lp2bs_zpk lp2hp lp2hp_zpk lp2lp lp2lp_zpk lsim lti max_len_seq
        minimum_phase morlet morlet2 normalize peak_prominences peak_widths periodogram
        place_poles qmf qspline1d qspline1d_eval qspline2d resample_poly residue
        residuez ricker savgol_coeffs sawtooth sos2tf sos2zpk sosfilt sosfilt_zi
        sosfiltfilt sosfreqz spectrogram spline_filter square ss2tf ss2zpk step stft
        sweep_poly symiirorder1 symiirorder2 tf2sos tf2ss tf2zpk unique_roots
        unit_impulse upfirdn vectorstrength welch zpk2sos zpk2ss zpk2tf
    """,
    "cupyx.scipy.sparse": "matrix_transpose permute_dims safely_cast_index_arrays "
    "swapaxes",
    "cupyx.scipy.sparse.linalg": "aslinearoperator lobpcg matrix_power",
    "cupyx.scipy.special": """
        bdtr bdtrc bdtri beta betainc betaincinv betaln binom boxcox boxcox1p btdtr
        btdtri cbrt chdtr chdtrc chdtri cosdg cosm1 cotdg ellipeinc ellipj ellipk
        ellipkinc ellipkm1 exp10 exp2 expn exprel fdtr fdtrc fdtri gammainccinv
        gammaincinv gammasgn gdtr gdtrc huber inv_boxcox inv_boxcox1p k0 k0e k1 k1e
        kl_div lambertw log_expit loggamma lpmv multigammaln nbdtr nbdtrc nbdtri pdtr
        pdtrc pdtri poch pseudo_huber radian rgamma round shichi sici sindg sph_harm
        sph_harm_y spherical_yn tandg wright_bessel yn zetac
    """,
}
_MODULES = frozenset(
    names(
        """
        cupy._binary cupy._core cupy._creation cupy._environment cupy._functional
        cupy._indexing cupy._io cupy._logic cupy._manipulation cupy._math cupy._misc
        cupy._padding cupy._sorting cupy._statistics cupy._util cupy._version cupy.cublas
        cupy.polynomial cupy.cuda.common cupy.cuda.cub cupy.cuda.cublas cupy.cuda.cufft
        cupy.cuda.curand cupy.cuda.cusolver cupy.cuda.cusparse cupy.cuda.cutensor
        cupy.cuda.function cupy.cuda.graph cupy.cuda.jitify cupy.cuda.memory_hook
        cupy.cuda.memory_hooks cupy.cuda.nccl cupy.cuda.texture cupy.cuda.thrust
        cupy_backends.cuda.libs.cublas cupy_backends.cuda.libs.curand
        cupy_backends.cuda.libs.cusolver cupy_backends.cuda.libs.cusparse
        cupy_backends.cuda.libs.cutensor cupy_backends.cuda.libs.nccl
        cupy_backends.cuda.stream
        cupyx.cusolver cupyx.cusparse cupyx.cutensor cupyx.distributed cupyx.jit.cg
        cupyx.jit.cub cupyx.jit.thrust cupyx.lapack cupyx.linalg cupyx.optimizing
        cupyx.scipy.fftpack cupyx.scipy.integrate cupyx.scipy.interpolate
        cupyx.scipy.optimize cupyx.scipy.signal.windows cupyx.scipy.sparse.csgraph
        cupyx.scipy.spatial cupyx.signal cupyx.time cupyx.tools
        """
    )
)

# Modules of which only the classes of errors are here: right programs catch them.
ERRORS: dict[str, dict[str, type[Exception]]] = {
    "cupy.cuda.compiler": dict.fromkeys(
        ("CompileException", "HIPCCException", "JitifyException", "NVCCException"),
        Exception,
    ),
    "cupy_backends.cuda.api.driver": {"CUDADriverError": RuntimeError},
    "cupy_backends.cuda.libs.nvrtc": {"NVRTCError": RuntimeError},
}
_ANYTHING = re.compile(r"(?!__)")

# Constants, of which there are hundreds, by what their names look like.
_VALUES = {
    "cupy": re.compile(r"disable_experimental_feature_warning$"),
    "cupy.cuda.runtime": re.compile(
        r"CUDA_[CR]_|cuda[A-Z]|event[A-Z]|hostAlloc[A-Z]|memoryType[A-Z]|streamCapture"
    ),
    **dict.fromkeys(ERRORS, _ANYTHING),
}


class NotModelledImport(NotModelled, ImportError):
    """The simulator has no model of this module; run the program on a GPU instead."""


class Finder:
    """Name the modules that are not modelled when a program imports them."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find no module, and raise for one of those."""
        del path, target
        if name in _MODULES:
            raise NotModelledImport(str(words.not_modelled(name)))
        return None


def _function(name: str) -> Callable[..., NoReturn]:
    def call(*_args: Any, **_kwargs: Any) -> NoReturn:
        not_modelled(name)

    call.__name__ = name.rpartition(".")[2]
    return call


def members(module: str) -> dict[str, Any]:
    """Return the classes and functions of a module that raise when they are called."""
    classes = _CLASSES.get(module, "").split()
    functions = _FUNCTIONS.get(module, "").split()
    return {
        **{name: missing_class(module, name) for name in classes},
        **{name: _function(f"{module}.{name}") for name in functions},
    }


def error_classes(module: str) -> dict[str, Any]:
    """Return a module's classes of errors, which nothing here raises."""
    return {
        name: type(name, (base,), {"__module__": module})
        for name, base in ERRORS[module].items()
    }


def attribute(module: str, name: str) -> NoReturn:
    """
    Refuse a name that a module of the simulator does not have.

    Raises:
        NotModelled: The real module has it.

        AttributeError: The real module has not got it either.
    """
    values = _VALUES.get(module)
    if f"{module}.{name}" in _MODULES or (values and values.match(name)):
        not_modelled(f"{module}.{name}")
    msg = f"module {module!r} has no attribute {name!r}"
    raise AttributeError(msg)
