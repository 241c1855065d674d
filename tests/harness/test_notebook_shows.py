"""What cells show: text and pictures, capped, cleaned, and always a valid notebook."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from graders.harness.checks import NotebookRun
from graders.harness.supervisor import ForkServer, cell_outputs
from tests.harness import notebook_runs as notebooks

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
CELLS = (
    "from IPython.display import HTML, Image, Markdown, clear_output, display\n"
    f"import base64\npng = base64.b64decode('{PNG}')\n"
    "display(HTML('<b>x</b>'), Markdown('*y*'))\nImage(png)",  # 1
    "shown = display('first', display_id='d')\nprint('between')",  # 2
    "shown.update('second')\nfrom IPython.display import update_display\n"
    "update_display('third', display_id='unknown')",  # 3
    "print('gone')\nclear_output()\nprint('kept')\nclear_output(wait=True)\nprint('last')",
    "print('x' * 3_000_000)\nimport sys\nfor _ in range(40):\n"
    "    print('y' * 100_000, file=sys.stderr)",  # 5
    "display(Image(png + bytes(6_000_000)))\nprint('after')",  # 6
    "for n in range(2000):\n    display(n)",  # 7
    "for n in range(2000):\n    print(n)\n    print(n, file=sys.stderr)",  # 8
    r"print('a\x00b\x1b[31mred\x1b[0m\r\nc\rd\x07\ud800')",  # 9
    "class Rich:\n    def _repr_html_(self):\n        return '<i>rich</i>'\n"
    "    def _repr_png_(self):\n        return b'no picture'\n"
    "    def _repr_json_(self):\n        return {'a': float('nan')}\n"
    "    def _repr_mimebundle_(self, **kw):\n"
    "        return {'text/plain': 'plain', 'application/x-evil': 'x',\n"
    "                'application/vnd.jupyter.widget-view+json': {'model_id': 'x'},\n"
    "                'image/jpeg': 5, 'text/latex': '$z$'}\nRich()",  # 10
    "class Broken:\n    def __repr__(self):\n        raise RuntimeError('no repr')\n"
    "display(Broken())\nprint('goes on')\nBroken()",  # 11
    "display('x', metadata={'a': object()}, transient={'display_id': object()})\n5;",
    "import warnings\nwarnings.warn('careful')",  # 13
    "sys.stdout.close()\nsys.stdout.flush()\nprint(sys.stdout.isatty(), flush=True)",
    "','.join(map(str, range(400_000)))",  # 15
    "print('[{,' * 300_000)",  # 16
    "open('here.txt', 'w').name, __import__('os').getcwd()",  # 17
)


@pytest.fixture(scope="module")
def found(
    kernel_server: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> NotebookRun:
    """What all the cells showed."""
    return notebooks.run(kernel_server, tmp_path_factory.mktemp("shows"), *CELLS)


@pytest.fixture(scope="module")
def shown(found: NotebookRun) -> list[Any]:
    """The outputs of each cell of the executed notebook; the first cell's at index 1."""
    return [[], *(cell.outputs for cell in notebooks.outputs_of(found).cells)]


def test_no_cell_failed(found: NotebookRun) -> None:
    failed = {c.number: c.exception for c in found.cells if c.exception}
    assert [n for n in failed if n not in (9, 11)] == []


def test_rich_forms_are_kept(shown: list[Any]) -> None:
    first, second, third = shown[1]
    assert first.data["text/html"] == "<b>x</b>"
    assert second.data["text/markdown"] == "*y*"
    assert third.output_type == "execute_result"
    assert third.data["image/png"].strip() == PNG


def test_a_display_is_updated(shown: list[Any], found: NotebookRun) -> None:
    """Also by a later cell; what was never shown is not updated."""
    assert shown[2][0].data["text/plain"] == "'second'"
    assert shown[3] == []
    assert found.cell(2).text == "'first'\nbetween\n"


def test_what_is_cleared_is_gone(shown: list[Any], found: NotebookRun) -> None:
    assert [o.text for o in shown[4]] == ["last\n"]
    assert found.cell(4).text == "gone\nkept\nlast\n"


def test_text_is_capped_with_a_note(found: NotebookRun, shown: list[Any]) -> None:
    for text in (found.cell(5).text, found.cell(5).log):
        assert len(text) <= 1_000_000
    for output in shown[5]:
        assert len(output.text) < 1_000_100
        note = "[The rest is left out: more than 1,000,000 characters.]"
        assert output.text.rstrip().endswith(note)


def test_a_large_picture_is_left_out_with_a_note(
    found: NotebookRun, shown: list[Any]
) -> None:
    assert "image/png" not in shown[6][0].data
    assert "image/png of 5.7 MB" in shown[6][0].data["text/plain"]
    assert found.cell(6).text.endswith("after\n")


def test_pieces_are_capped(shown: list[Any], found: NotebookRun) -> None:
    """Of two streams in turns no text is lost, only how they alternate."""
    assert len(shown[7]) == 500
    assert len(shown[8]) <= 500
    numbers = [str(n) for n in range(2000)]
    assert found.cell(8).text.split() == numbers
    assert found.cell(8).log.split() == numbers


def test_control_characters_are_taken_out(found: NotebookRun) -> None:
    """Colours stay in the notebook, which shows them; half characters are replaced."""
    assert found.cell(9).exception is None
    assert found.cell(9).text == "abred\nc\nd?\n"
    assert "\\u0000" not in found.executed.decode()


def test_other_media_types_are_dropped(shown: list[Any]) -> None:
    data = shown[10][0].data
    assert set(data) == {"text/plain", "text/html", "text/latex"}


def test_an_object_that_cannot_be_shown(found: NotebookRun) -> None:
    assert "goes on\n" in found.cell(11).text


def test_warnings_name_the_cell(found: NotebookRun) -> None:
    assert found.cell(13).log.startswith("code cell 13:2: UserWarning: careful")


def test_a_closed_stream_goes_on(found: NotebookRun) -> None:
    assert found.cell(14).text == "False\n"


def test_texts_with_many_commas_cross(found: NotebookRun) -> None:
    """The limit on a message's parts is not one on what a text holds."""
    assert len(found.cell(15).text) > 900_000
    assert len(found.cell(16).text) == 900_001


def test_no_path_of_this_machine_is_shown(found: NotebookRun) -> None:
    assert "worker-" not in found.executed.decode()
    assert found.cell(17).text == "('here.txt', '.')\n"


BLOB = b"text"
STRANGE: list[Any] = [
    None,
    {},
    [1],
    [{"kind": "odd"}],
    [{"kind": "stream", "name": "stdin", "blob": 0}],
    [{"kind": "stream", "name": "stdout", "blob": 7}],
    [{"kind": "stream", "name": "stdout", "blob": -1}],
    [{"kind": "stream", "name": "stdout", "blob": "0"}],
    [{"kind": "display", "data": []}],
    [{"kind": "display", "data": {"text/plain": None}}],
    [{"kind": "display", "data": {str(n): 0 for n in range(50)}}],
    [{"kind": "result", "data": {}, "id": 5}],
    [{"kind": "clear", "wait": "yes"}],
    [{"kind": "clear", "wait": True}] * 501,
]


@pytest.mark.parametrize("pieces", STRANGE, ids=map(str, range(len(STRANGE))))
def test_strange_pieces_are_refused(pieces: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, IndexError)):
        cell_outputs.read(pieces, [BLOB], {})


def test_one_blob_cannot_be_shown_again_and_again() -> None:
    """A small message cannot become a large one."""
    pieces = [{"kind": "stream", "name": "stdout", "blob": 0}] * 500
    with pytest.raises(ValueError, match="more is shown"):
        cell_outputs.read(pieces, [bytes(2**20)], {})


@pytest.mark.parametrize("content", [b"no picture", b"%%%", b"", b"\x89PNG"])
def test_what_is_no_picture_is_not_shown_as_one(content: bytes) -> None:
    pieces = [{"kind": "display", "data": {"image/png": 0}}]
    assert cell_outputs.read(pieces, [content], {})[0]["data"] == {}
