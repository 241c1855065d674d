"""Code of the device libraries: compiled once, read by workers, made by nobody else."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from graders.harness.catalog import Catalog
from graders.harness.device import library_code
from graders.harness.supervisor import ForkServer
from graders.harness.supervisor import library_code as supervisor
from graders.harness.supervisor.library_code import LibraryCode

CATALOG = Catalog()


class ISA(NamedTuple):
    major: int
    minor: int


class Code(NamedTuple):
    code_type: Any
    isa_version: ISA
    data: bytes


LTO = SimpleNamespace(kind="lto", cc=(9, 0, "a"))


class FFT:
    """A transform, as much as its compiler looks at."""

    def __init__(self, **options: Any) -> None:
        for name in ("ffts_per_block", "elements_per_thread", "real_fft_options"):
            setattr(self, f"_{name}", options.pop(name, None))
        self.real_fft_options = self._real_fft_options
        self.sm = (9, 0, "a")
        self.elements_per_thread = self._elements_per_thread or 8
        self.__dict__.update(options)


def linker() -> type:
    """Return numba-cuda's linker, as far as its options go."""

    class Linker:
        def __init__(self, *, has_ltoir: bool) -> None:
            self._has_ltoir = has_ltoir

        def _get_linker_options(self, *, ptx: bool) -> SimpleNamespace:
            return SimpleNamespace(ptx=ptx, optimize_unused_variables=None)

    return Linker


class Libraries:
    """``nvmath.device`` and what it compiles with, played: it counts its compilations."""

    def __init__(self) -> None:
        self.compiled: list[str] = []
        cufftdx: Any = ModuleType("nvmath.device.cufftdx")
        cufftdx.compile_fft_execute = self._transform
        common: Any = ModuleType("nvmath.device.common_cuda")
        common.Code, common.ISAVersion = Code, ISA
        common.get_default_code_type = lambda: LTO
        random: Any = ModuleType("nvmath.device.random")
        random.ObjectCode = SimpleNamespace(from_ltoir=self._object)
        random.Program = self._program
        random.Compile = lambda: self.compile_random()
        device: Any = ModuleType("nvmath.device")
        device.FFT = FFT
        self.random = random
        self.modules: dict[str, Any] = {
            "nvmath": SimpleNamespace(__version__="1.0.0"),  # the real one needs CUDA
            "nvmath.device": device,
            "nvmath.device.cufftdx": cufftdx,
            "nvmath.device.cufftdx_numba": ModuleType("nvmath.device.cufftdx_numba"),
            "nvmath.device.common_cuda": common,
            "nvmath.device.random": random,
            "nvmath.bindings.mathdx": SimpleNamespace(get_version_ex=lambda: (0, 3)),
            "cuda.bindings.nvrtc": SimpleNamespace(nvrtcVersion=lambda: (0, 13, 0)),
            "numba.cuda.cudadrv.driver": SimpleNamespace(_Linker=linker()),
        }

    def transform(self, fft: FFT, execute_api: str | None = "register_memory") -> Any:
        """Compile as a kernel that calls the transform does."""
        numba = self.modules["nvmath.device.cufftdx_numba"]
        return numba.compile_fft_execute(fft, LTO, execute_api)

    def compile_random(self) -> bytes:
        options = SimpleNamespace(arch="compute_90", std="c++17")
        made = self.random.Program("curand_kernel.h", "c++", options).compile("ltoir")
        return bytes(made.code)

    def _transform(self, fft: Any, code_type: Any, execute_api: str | None) -> Any:
        name = f"{fft.size} {fft.direction} {fft._ffts_per_block} {execute_api}"
        self.compiled.append(name)
        code = Code(code_type, ISA(13, 0), f"code of {name}".encode())
        return code, f"symbol of {name}"

    def _program(self, code: Any, _code_type: str, _options: Any) -> Any:
        def compile_(_target: str) -> Any:
            self.compiled.append("random")
            return self._object(f"compiled {code}".encode())

        return SimpleNamespace(compile=compile_)

    def _object(self, code: bytes) -> Any:
        return SimpleNamespace(code=code)


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[Libraries]:
    found = Libraries()
    real = importlib.import_module

    def play(name: str) -> Any:
        return found.modules.get(name) or real(name)

    player = SimpleNamespace(import_module=play)
    monkeypatch.setattr(library_code, "importlib", player)
    library_code._compilers.cache_clear()
    yield found
    library_code._compilers.cache_clear()


def forward(**options: Any) -> FFT:
    usual = {"size": 96, "precision": np.float32, "fft_type": "c2c"}
    return FFT(**{**usual, "execution": "Block", "direction": "forward", **options})


@pytest.fixture
def folder(tmp_path: Path, libraries: Libraries) -> Path:
    """A folder into which each task of a transform and of cuRAND was compiled."""
    tasks = [("fft", 96, "float32", *way) for way in library_code._WAYS]
    for task in [*tasks, ("random",)]:
        played = Libraries()
        libraries.modules.update(played.modules)
        assert library_code._compile(tmp_path, task)
    fresh = Libraries()
    libraries.modules.update(fresh.modules)
    libraries.random, libraries.compiled = fresh.random, fresh.compiled
    return tmp_path


def test_what_was_compiled_ahead_is_not_compiled_again(
    folder: Path, libraries: Libraries
) -> None:
    library_code.use(library_code.read(folder))
    code, symbol = libraries.transform(forward(ffts_per_block=1))
    assert code == Code(LTO, ISA(13, 0), b"code of 96 forward 1 register_memory")
    assert symbol == "symbol of 96 forward 1 register_memory"
    assert libraries.transform(forward())[1] == (
        "symbol of 96 forward None register_memory"
    )
    assert libraries.compile_random() == b"compiled curand_kernel.h"
    assert libraries.compiled == []


@pytest.mark.parametrize(
    "other",
    [
        {"size": 97}, {"precision": np.float64}, {"ffts_per_block": 2},
        {"elements_per_thread": 4}, {"execution": "Thread"}, {"sm": (8, 0, "")},
        {"real_fft_options": {"complex_layout": "packed"}}, {"fft_type": "r2c"},
    ],
    ids=str,
)  # fmt: skip
def test_any_other_transform_is_compiled_by_the_library(
    other: dict[str, Any], folder: Path, libraries: Libraries
) -> None:
    library_code.use(library_code.read(folder))
    libraries.transform(forward(**other))
    libraries.transform(forward(), "shared_memory")
    assert len(libraries.compiled) == 2


@pytest.mark.parametrize(("has_ltoir", "expected"), [(True, True), (False, None)])
def test_kernels_are_linked_without_tables_that_they_do_not_use(
    has_ltoir: bool, expected: bool | None, folder: Path, libraries: Libraries
) -> None:
    linker = libraries.modules["numba.cuda.cudadrv.driver"]._Linker
    linking = linker(has_ltoir=has_ltoir)
    assert linking._get_linker_options(ptx=True).optimize_unused_variables is None
    library_code.use(library_code.read(folder))
    options = linking._get_linker_options(ptx=True)
    assert options.ptx
    assert options.optimize_unused_variables is expected


def test_numba_and_cuda_core_have_what_the_linking_takes() -> None:
    """Another numba-cuda would link the tables, or not link at all."""
    driver = importlib.import_module("numba.cuda.cudadrv.driver")
    options = importlib.import_module("cuda.core").LinkerOptions
    assert callable(driver._Linker._get_linker_options)
    assert "_has_ltoir" in inspect.getsource(driver._Linker.__init__)
    assert "optimize_unused_variables" in dir(options)


def test_other_compilers_give_other_code(folder: Path, libraries: Libraries) -> None:
    """What an older version compiled is passed over."""
    newer = SimpleNamespace(get_version_ex=lambda: (0, 4))
    libraries.modules["nvmath.bindings.mathdx"] = newer
    library_code._compilers.cache_clear()
    library_code.use(library_code.read(folder))
    libraries.transform(forward())
    libraries.compile_random()
    assert len(libraries.compiled) == 2


def test_a_folder_that_is_not_there_changes_nothing(
    tmp_path: Path, libraries: Libraries
) -> None:
    before = libraries.modules["nvmath.device.cufftdx"].compile_fft_execute
    library_code.use(library_code.read(tmp_path / "nowhere"))
    assert libraries.modules["nvmath.device.cufftdx"].compile_fft_execute is before


COMPILER = """
import pathlib, sys, time
folder, wanted, jobs, path, done = sys.argv[1:]
while not pathlib.Path(folder, "go").exists():
    time.sleep(0.01)
with open(folder + "/runs", "a") as runs:
    print(wanted, file=runs)
if "fft" in wanted:
    pathlib.Path(folder, done).touch()
"""


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibraryCode]:
    compiler = tmp_path / "compiler.py"
    compiler.write_text(COMPILER)
    monkeypatch.setattr(supervisor, "_COMPILER", compiler)
    opened = LibraryCode(tmp_path / "code")
    yield opened
    opened.close()


def runs_of(code: LibraryCode) -> list[Any]:
    runs = code.folder / "runs"
    lines = runs.read_text().splitlines() if runs.exists() else []
    return [json.loads(line) for line in lines]


def test_one_process_compiles_and_the_others_wait(code: LibraryCode) -> None:
    """In the background; a second grading starts no second one; then it is all there."""
    wanted = [("fft", 96, "float32")]
    code.prepare(wanted)
    LibraryCode(code.folder).prepare(wanted)
    assert runs_of(code) == []
    (code.folder / "go").touch()
    LibraryCode(code.folder).wait()
    assert runs_of(code) == [[["fft", 96, "float32"]]]
    code.prepare(wanted)
    code.wait()
    assert len(runs_of(code)) == 1
    assert code.folder.stat().st_mode & 0o077 == 0


def test_what_another_version_of_ours_compiled_does_not_suffice(
    code: LibraryCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "groups.py"
    monkeypatch.setattr(supervisor, "_COMPILED", (source,))
    for text in ("one", "one", "another"):
        source.write_text(text)
        code.prepare([("fft", 96, "float32")])
        (code.folder / "go").touch()
        code.wait()
    assert len(runs_of(code)) == 2


def test_closing_ends_the_compilation(code: LibraryCode) -> None:
    code.prepare([("random",)])
    code.close()
    code.wait()
    assert runs_of(code) == []


def test_what_did_not_succeed_is_tried_again(code: LibraryCode) -> None:
    for _ in range(2):
        code.prepare([("random",)])
        (code.folder / "go").touch()
        code.wait()
    assert len(runs_of(code)) == 2


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    """A home that is a file, or that cannot be written, stops no grading."""
    (tmp_path / "home").write_text("a file")
    nowhere = LibraryCode(tmp_path / "home" / "code")
    nowhere.prepare([("random",)])
    nowhere.wait()
    nowhere.close()
    assert library_code.read(nowhere.folder) == {}


def test_an_exercise_without_such_code_starts_nothing(code: LibraryCode) -> None:
    code.prepare([])
    code.wait()
    assert not code.folder.exists()


def test_the_rubric_lists_what_the_checks_transform() -> None:
    """A case that is left out would be compiled by each program again."""
    (exercise,) = CATALOG.select(["device_convolution"])
    checks = importlib.import_module("graders.device_api.test_device_convolution")
    precisions = {"complex64": "float32", "complex128": "float64"}
    cases = {("fft", n, precisions[dtype]) for _, n, dtype in checks._CASES}
    assert set(exercise.rubric.library_code) == cases
    (systems,) = CATALOG.select(["multiple_rhs"])
    assert systems.rubric.library_code == (("cupy", "sparse"),)
    (options,) = CATALOG.select(["option_payoffs"])
    assert options.rubric.library_code == (("random",),)


def test_the_compiler_runs_as_the_script_that_it_is(tmp_path: Path) -> None:
    """Without the libraries it ends, and does not say that everything is there."""
    arguments = [str(tmp_path), '[["random"]]', "1", json.dumps(sys.path), "done"]
    command = [sys.executable, "-I", library_code.__file__, *arguments]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    has_driver = Path("/proc/driver/nvidia").exists()
    assert (tmp_path / "done").exists() is has_driver
    # It came as far as nvmath, which wants the driver.
    assert has_driver or ("nvmath" in ended.stderr and ended.returncode)


def test_a_worker_reads_it_although_the_engine_is_hidden_from_it(
    tmp_path: Path,
) -> None:
    """Whatever it takes was imported before the packages were put out of reach."""
    (tmp_path / "of-nothing.compiler").write_text("(('90',), '// 13.0')")
    with ForkServer("simulator") as server:
        worker = server.fork(library_code=str(tmp_path))
        try:
            assert worker.describe()
        finally:
            worker.kill()
