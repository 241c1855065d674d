"""Sparse matrices as arguments, and exceptions that are an answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.sparse as sp

from graders.harness.checks import Learner, gpu, sparse
from graders.harness.errors import Crashed
from graders.harness.supervisor import ForkServer
from graders.harness.worker import wire
from graders.harness.worker.sparse import contents

PROGRAM = """
import cupy as cp
import cupyx.scipy.sparse as csp
import scipy.sparse as sp


def kinds(a, b):
    return [type(a).__module__, a.format, a.nnz, type(b).__module__, b.format]


def stored(a):
    parts = (a.row, a.col) if a.format == "coo" else (a.indices, a.indptr)
    return [part.get() if hasattr(part, "get") else part for part in (a.data, *parts)]


def adds_up(a):
    a.sum_duplicates()


def doubles(a):
    a.data *= 2


def spoils(a):
    a.data = None


def view(a):
    return a.data[1:]


met = []


def met_before(a):
    again = any(one is a for one in met)
    met.append(a)
    total = a.tocsr().sum()
    state = "mark" in vars(a)
    a.sum_duplicates()
    a.mark = True
    return [again, state, float(total)]


def raises(a):
    raise {"value": ValueError, "linalg": __import__("numpy").linalg.LinAlgError,
           "other": RuntimeError}[a](a)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learner]:
    folder = tmp_path_factory.mktemp("program")
    (folder / "matrices.py").write_text(PROGRAM)
    with ForkServer("simulator") as server:
        learner = Learner(folder / "matrices.py", "matrices", server, timeout=30)
        yield learner
        learner.close()


def coo() -> sp.coo_matrix:
    rows, columns = np.array([2, 0, 1, 0], "i4"), np.array([0, 2, 1, 2], "i4")
    values = np.array([1.0, 4.0, 0.0, -1.5], "f4")
    return sp.coo_matrix((values, (rows, columns)), shape=(3, 4))


def test_a_matrix_arrives_as_scipys_or_as_cupys(program: Learner) -> None:
    seen = program.call("kinds", sparse(coo(), "cpu"), sparse(coo().tocsr())).value
    assert seen[0].startswith("scipy.sparse")
    assert seen[3].startswith("cupyx.scipy.sparse")
    assert (seen[1], seen[2], seen[4]) == ("coo", 4, "csr")


@pytest.mark.parametrize("space", ["cpu", "cuda"])
def test_entries_arrive_as_they_are_stored(program: Learner, space: str) -> None:
    a = coo()
    values = program.call("stored", sparse(a, space)).value
    for item, part in zip(values, (a.data, a.row, a.col), strict=True):
        assert np.array_equal(item.array, part)
        assert item.dtype == part.dtype


@pytest.mark.parametrize("space", ["cpu", "cuda"])
@pytest.mark.parametrize(
    ("function", "changed"), [("adds_up", ()), ("doubles", (0,)), ("spoils", (0,))]
)
def test_only_another_matrix_is_a_change(
    program: Learner, space: str, function: str, changed: tuple[int, ...]
) -> None:
    assert program.call(function, sparse(coo(), space)).changed == changed


def test_a_result_that_shares_memory_with_a_part(program: Learner) -> None:
    assert program.call("view", sparse(coo())).shared_arguments == ((0, 0),)


def test_calls_differ_by_their_entries(program: Learner) -> None:
    other = coo()
    other.data[0] = 7
    for matrix in (coo(), other):
        seen = program.call("stored", sparse(matrix)).value
        assert np.array_equal(seen[0].array, matrix.data)


def test_an_exception_may_be_an_answer(program: Learner) -> None:
    accepted = ("builtins.ValueError",)
    for name in ("value", "linalg"):
        seen = program.call("raises", name, may_raise=accepted)
        assert seen.exception is not None
        with pytest.raises(Crashed):
            program.call("raises", name)
    with pytest.raises(Crashed):
        program.call("raises", "other", may_raise=accepted)


def test_a_matrix_crosses_the_wire() -> None:
    encoder = wire.Encoder()
    node = encoder.encode(sparse(coo(), "cpu"))
    found = wire.decode(node, [bytes(b) for b in encoder.blobs])
    assert isinstance(found, wire.SparseValue)
    assert (found.format, found.shape, len(found.parts)) == ("coo", (3, 4), 3)
    with pytest.raises(wire.WireError):
        wire.decode({"t": "sparse", "f": "coo", "shape": [3], "parts": []}, [])


def test_contents_know_no_order() -> None:
    a = coo()
    csr = a.tocsr()
    forms = [
        contents("coo", a.shape, [a.data, a.row, a.col]),
        contents("coo", a.shape, [a.data[::-1], a.row[::-1], a.col[::-1]]),
        contents("csr", a.shape, [csr.data, csr.indices, csr.indptr]),
    ]
    assert forms[0] == forms[1] == forms[2]
    assert gpu(a.data).memory_space == "cuda"


@pytest.mark.parametrize("space", ["cpu", "cuda"])
def test_what_is_stored_otherwise_by_now_is_not_handed_over_again(
    program: Learner, space: str
) -> None:
    places = np.array([0, 1, 1], np.int32), np.array([1, 0, 0], np.int32)
    found = []
    for scale in (1.0, 2.0, 4.0, 8.0):
        matrix = sp.coo_matrix(
            (np.array([1.0, 2.0, 4.0]) * scale, places), shape=(2, 2)
        )
        found.append(program.call("met_before", sparse(matrix, space)).value)
    assert [total for _, _, total in found] == [7.0, 14.0, 28.0, 56.0]
    assert not any(state for _, state, _ in found)
    assert [again for again, _, _ in found] == [False] * 4


@pytest.mark.parametrize("space", ["cpu", "cuda"])
def test_the_object_is_the_last_call_s_every_other_time(
    program: Learner, space: str
) -> None:
    """What is kept by the object meets other entries; nothing else of it is left."""
    program.restart()
    places = np.array([0, 1, 1], np.int32), np.array([1, 0, 1], np.int32)
    found = []
    for scale in (1.0, 2.0, 4.0, 8.0):
        matrix = sp.coo_matrix(
            (np.array([1.0, 2.0, 4.0]) * scale, places), shape=(2, 2)
        )
        found.append(program.call("met_before", sparse(matrix, space)).value)
    assert found == [
        [False, False, 7.0],
        [True, False, 14.0],
        [False, False, 28.0],
        [True, False, 56.0],
    ]
