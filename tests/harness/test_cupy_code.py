"""CuPy's own kernels: compiled once, read by workers, where a CuPy has room for them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from graders.harness.device import cupy_code, library_code

ASKED = ("90", ("--std=c++17", "-ftz=true"), (13, 0), "nvrtc", "-arch=sm_90", "cubin")


class Cache:
    """CuPy's own cache, played."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def save(self, name: str, content: bytes, source: str) -> None:
        self.kept[name] = content + source.encode()


class Compiler(ModuleType):
    """``cupy.cuda.compiler``, as far as it is used: it counts what it compiles."""

    def __init__(self) -> None:
        super().__init__("cupy.cuda.compiler")
        self._kernel_cache_backend: Any = Cache()
        self._empty_file_preprocess_cache: dict[Any, str] = {}
        self.compiled: list[str] = []
        self.accelerators = ["cub"]

    def set_reduction_accelerators(self, names: list[str]) -> None:
        """``cupy._core.set_reduction_accelerators``."""
        self.accelerators = names

    def _set_kernel_cache_backend(self, backend: Any) -> None:
        self._kernel_cache_backend = backend

    def call(self, operation: str) -> bytes:
        """Do what CuPy does when an operation is called for the first time."""
        if ASKED not in self._empty_file_preprocess_cache:
            self.compiled.append("nothing")
            self._empty_file_preprocess_cache[ASKED] = "// 13.0"
        name = f"{operation}.cubin"
        found: bytes | None = self._kernel_cache_backend.load(name)
        if found is None:
            self.compiled.append(operation)
            found = f"code of {operation}".encode()
            self._kernel_cache_backend.save(name, found, "source")
        return found


@pytest.fixture
def compilers(monkeypatch: pytest.MonkeyPatch) -> list[Compiler]:
    """Processes of which the last is this one; each has a CuPy that begins anew."""
    made = [Compiler()]

    def play(name: str) -> Any:
        ours = ("cupy.cuda.compiler", "cupy._core")
        return made[-1] if name in ours else importlib.import_module(name)

    monkeypatch.setattr(cupy_code, "importlib", SimpleNamespace(import_module=play))

    def sums(dtype: str) -> Iterator[Any]:
        yield made[-1].call(f"sum {dtype}")
        msg = "this CuPy has no norms"
        raise AttributeError(msg)

    parts = [partial(sums, dtype) for dtype in ("float32", "float64")]
    monkeypatch.setattr(cupy_code, "GROUPS", {"some": parts})
    return made


@pytest.fixture
def folder(tmp_path: Path, compilers: list[Compiler]) -> Path:
    for part in cupy_code.parts_of("some"):
        compilers.append(Compiler())
        assert library_code._compile(tmp_path, ("cupy", *part))
    compilers.append(Compiler())
    return tmp_path


def test_what_was_compiled_ahead_is_not_compiled_again(
    folder: Path, compilers: list[Compiler]
) -> None:
    compiler = compilers[-1]
    library_code.use(library_code.read(folder))
    assert compiler.call("sum float32") == b"code of sum float32"
    assert compiler.call("sum float64") == b"code of sum float64"
    assert compiler.compiled == []


def test_all_else_is_compiled_and_kept_by_cupy(
    folder: Path, compilers: list[Compiler]
) -> None:
    compiler, before = compilers[-1], sorted(folder.iterdir())
    own = compiler._kernel_cache_backend
    library_code.use(library_code.read(folder))
    for _ in range(2):
        compiler.call("my kernel")
    assert compiler.compiled == ["my kernel"]
    assert list(own.kept) == ["my kernel.cubin"]
    assert sorted(folder.iterdir()) == before


def test_what_a_cupy_lacks_is_said_in_the_log(
    tmp_path: Path, compilers: list[Compiler], capsys: pytest.CaptureFixture[str]
) -> None:
    cupy_code.compile_part(tmp_path, "some", 0)
    assert compilers[-1].compiled == ["nothing", "sum float32"]
    assert "this CuPy has no norms" in capsys.readouterr().err


def test_a_part_that_was_compiled_is_not_compiled_again(
    folder: Path, compilers: list[Compiler]
) -> None:
    cupy_code.compile_part(folder, "some", 0)
    assert compilers[-1].compiled == ["nothing"]


def test_an_older_cupy_compiles_by_itself(
    folder: Path, tmp_path: Path, compilers: list[Compiler]
) -> None:
    del compilers[-1]._kernel_cache_backend
    library_code.use(library_code.read(folder))
    empty = tmp_path / "empty"
    empty.mkdir()
    cupy_code.compile_part(empty, "some", 0)
    assert not list(empty.iterdir())
    assert compilers[-1].compiled == []


def test_kernels_of_cub_are_neither_compiled_ahead_nor_used(
    folder: Path, compilers: list[Compiler]
) -> None:
    library_code.use({})
    assert compilers[-1].accelerators == ["cub"]
    library_code.use(library_code.read(folder))
    assert [one.accelerators for one in compilers] == [["cub"], [], [], []]


def test_a_file_that_is_being_written_is_passed_over(folder: Path) -> None:
    (folder / "sum float32.cubin.4711").write_bytes(b"half")
    assert "sum float32.cubin.4711" not in library_code.read(folder)
    assert len(library_code.read(folder)) == 3
