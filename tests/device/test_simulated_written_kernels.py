"""Kernels that the simulator cannot run are made all the same; so are allocators chosen."""

import threading

import pytest

from graders.harness.device.simulator.machine import MACHINE

CODE = 'extern "C" __global__ void f(float* x) { x[threadIdx.x] *= 2; }'


LAUNCHES = {
    "cupy.RawKernel": "cp.RawKernel(CODE, 'f')((1,), (4,), (x,))",
    "cupy.RawKernel ": "cp.RawModule(code=CODE).get_function('f')((1,), (4,), (x,))",
    "cupy.RawKernel.attributes": "cp.RawKernel(CODE, 'f').attributes",
    "cupy.RawModule.get_global": "cp.RawModule(code=CODE).get_global('g')",
    "cupy.vectorize": "cp.vectorize(lambda a: a + 1)(x)",
    "cupyx.GeneralizedUFunc": "cupyx.GeneralizedUFunc(len, '(i)->()')(x)",
    "cupyx.jit.rawkernel": "jit.rawkernel()(lambda a: a)[1, 4](x)",
    "cupyx.jit.rawkernel ": "jit.rawkernel(device=False)(lambda a: a)((1,), (4,), (x,))",
    "cupyx.jit.grid": "jit.grid(1)",
    "cupyx.jit.cg.this_grid": "jit.cg.this_grid()",
}


@pytest.mark.parametrize(("name", "launch"), LAUNCHES.items())
def test_what_cannot_run_raises_when_it_is_launched(cp, name, launch):
    import cupyx
    from cupyx import jit

    names = {"cp": cp, "cupyx": cupyx, "jit": jit, "CODE": CODE, "x": cp.ones(4)}
    with pytest.raises(NotImplementedError) as found:
        eval(launch, names)
    assert str(found.value).startswith(
        f"{name.strip()} is not modelled by the simulated"
    )


def test_making_and_compiling_them_raises_nothing(cp):
    from cupyx import jit

    kernel = cp.RawKernel(CODE, "f", options=("-std=c++14",))
    kernel.compile()
    module = cp.RawModule(code=CODE, name_expressions=["f<float>"])
    module.compile()
    reduction = cp.ReductionKernel("T x", "T y", "x", "a + b", "y = a", "0", "total")
    assert (kernel.name, kernel.code, reduction.name) == ("f", CODE, "total")
    assert isinstance(module.get_function("f"), cp.RawKernel)

    @jit.rawkernel()
    def double(x):
        """Twice."""
        i = jit.grid(1)
        x[i] *= 2

    assert (double.__name__, double.__doc__) == ("double", "Twice.")
    assert cp.vectorize(len, doc="How many.").__doc__ == "How many."
    assert cp.vectorize(double.pyfunc).__doc__ == "Twice."


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        ("cp.RawKernel(1, 'f')", TypeError, "Argument 'code' has incorrect type"),
        ("cp.RawKernel('', 'f', ['-O3'])", TypeError, "expected tuple, got list"),
        ("cp.RawKernel('')", TypeError, "name"),
        ("cp.RawModule()", TypeError, "Exactly one of `code` and `path`"),
        ("cp.RawModule(code='', path='')", TypeError, "Exactly one of"),
        ("cp.RawModule('')", TypeError, "positional"),
        (
            "cp.RawModule(code='', backend='nvcc', name_expressions=['f'])",
            ValueError,
            "only nvrtc supports",
        ),
        (
            "cp.ReductionKernel('T x', 'T y', 'x', 'a + b', 'y = a', '0', 'a b')",
            ValueError,
            'Invalid kernel name: "a b"',
        ),
        (
            "cp.ReductionKernel('T x', 'T y', 'x', 'a + b', 'y = a', '0')(1, 2, 3)",
            TypeError,
            "Wrong number of arguments for reduce_kernel",
        ),
    ],
)
def test_wrong_arguments_are_refused_as_by_cupy(cp, make, error, text):
    with pytest.raises(error, match=text):
        eval(make, {"cp": cp})


def test_memoize_remembers_until_it_is_cleared(cp):
    calls = []

    @cp.memoize(for_each_device=True)
    def make(name, scale=1):
        calls.append(name)
        return [name, scale]

    assert make("a") is make("a")
    assert make("a", scale=2) == ["a", 2]
    assert calls == ["a", "a"]
    cp.clear_memo()
    make("a")
    assert len(calls) == 3


@pytest.mark.parametrize(
    "allocator",
    [
        "None",
        "cp.cuda.alloc",
        "cp.cuda.malloc_async",
        "cp.cuda.MemoryPool().malloc",
        "cp.cuda.MemoryPool(cp.cuda.malloc_async).malloc",
        "cp.cuda.MemoryAsyncPool().malloc",
    ],
)
def test_allocators_of_cupy_are_accepted_and_allocations_go_on(cp, allocator):
    chosen = eval(allocator, {"cp": cp})
    with cp.cuda.using_allocator(chosen):
        inside = cp.cuda.get_allocator()
        assert (cp.ones(3) + 1).get().tolist() == [2, 2, 2]
    assert inside == (cp.cuda.alloc if chosen is None else chosen)
    assert cp.cuda.get_allocator() == cp.get_default_memory_pool().malloc
    cp.cuda.set_allocator(chosen)
    assert cp.cuda.get_allocator() == inside
    MACHINE.begin()
    assert chosen is None or chosen(64).ptr % 256 == 0
    cp.empty(8)
    assert MACHINE.end().allocations == 1 + (chosen is not None)


def test_using_allocator_holds_in_its_block_and_thread_alone(cp):
    pool = cp.cuda.MemoryPool()
    seen = []
    with cp.cuda.using_allocator(pool.malloc):
        with pytest.raises(ValueError, match="Can't change the global allocator"):
            cp.cuda.set_allocator(None)
        other = threading.Thread(target=lambda: seen.append(cp.cuda.get_allocator()))
        other.start()
        other.join()
    assert seen == [cp.get_default_memory_pool().malloc]
    with pytest.raises(ZeroDivisionError), cp.cuda.using_allocator(pool.malloc):
        _ = 1 / 0
    cp.cuda.set_allocator(pool.malloc)


def test_an_allocator_of_ones_own_is_not_modelled(cp):
    own = "cupy.cuda.{} with an allocator of your own is not modelled".format
    with pytest.raises(NotImplementedError, match=own("set_allocator")):
        cp.cuda.set_allocator(lambda size: None)
    with (
        pytest.raises(NotImplementedError, match=own("using_allocator")),
        cp.cuda.using_allocator(lambda size: None),
    ):
        pass


def test_pinned_memory_keeps_to_cupys_pools(cp):
    cp.cuda.set_pinned_memory_allocator(cp.cuda.PinnedMemoryPool().malloc)
    cp.cuda.set_pinned_memory_allocator(None)
    with pytest.raises(NotImplementedError, match="set_pinned_memory_allocator"):
        cp.cuda.set_pinned_memory_allocator(bytearray)
