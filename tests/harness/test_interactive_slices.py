"""What of a session is handed in: the statements that the functions depend on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import pytest

from graders.harness.interactive.needed import needed
from graders.harness.interactive.program import in_session_words, write_program
from graders.harness.interactive.statements import Statement, read_statements
from graders.harness.models import CheckResult, ExerciseResult, Reason, Status

STARS = {"tables": frozenset({"TABLE", "blur"})}


def statements(cells: Iterable[str]) -> list[Statement]:
    return [
        statement
        for number, cell in enumerate(cells, 1)
        for statement in read_statements(f"In [{number}]", textwrap.dedent(cell))
    ]


def kept(*cells: str, names: Iterable[str] = ("blur",)) -> list[str]:
    found, _ = needed(
        statements(cells), names, lambda module: STARS.get(module, frozenset())
    )
    return [statement.text for statement in found]


BLUR = "def blur(x):\n    return x * TABLE[0]"


def test_demonstrations_are_left_out() -> None:
    """What shows, measures, tests or draws is not run again."""
    cells = (
        "import numpy as np\nimport matplotlib.pyplot as plt\nTABLE = np.ones(3)",
        BLUR,
        "image = np.load('photo.npy')\nresult = blur(image)\nplt.imshow(result)",
        "for sigma in (1, 2):\n    print(blur(image))",
        "assert blur(image).shape == image.shape",
        "np.testing.assert_allclose(blur(image), 2)",
        "blur(image)\nTABLE",
        "with open('out.txt', 'w') as file:\n    file.write(str(blur(image)))",
        "try:\n    blur(None)\nexcept TypeError as missing:\n    print(missing)",
    )
    assert kept(*cells) == ["import numpy as np", "TABLE = np.ones(3)", BLUR]


def test_only_the_last_definition_counts() -> None:
    """A cell that was run again takes the place of what it defined before."""
    old, new = "TABLE = [1]", "TABLE = [2]"
    assert kept(old, "def blur(x): return 1", BLUR, new) == [BLUR, new]


def test_a_definition_before_its_constants_is_found_with_them() -> None:
    """A function reads its names when it is called, wherever they were bound."""
    assert kept(BLUR, "TABLE = [1]") == [BLUR, "TABLE = [1]"]


@pytest.mark.parametrize(
    "change",
    [
        "TABLE[0] = 5",
        "TABLE += [5]",
        "TABLE.append(5)",
        "TABLE.size = 5",
        "TABLE.sort()",
        "del TABLE[0]",
        "for i in range(3):\n    TABLE[i] = i",
        "for i in range(3):\n    TABLE.append(i)",
        "if len(TABLE) < 9:\n    TABLE = TABLE * 9",
        "while len(TABLE) < 9:\n    TABLE += [0]",
        "try:\n    TABLE = TABLE[:4]\nexcept IndexError:\n    pass",
        "with open('table') as file:\n    TABLE = file.read()",
        "first = TABLE.pop()",
        "np.copyto(TABLE, 5)",
        "np.multiply(2, 3, out=TABLE)",
        "TABLE, other = [1], 2",
        "(TABLE := [1])",
        "TABLE: list = [1]",
        "from tables import TABLE",
        "import tables as TABLE",
        "def fill():\n    global TABLE\n    TABLE = [1]\nfill()",
        "match 1:\n    case 1:\n        TABLE = [1]",
    ],
)
def test_what_changes_a_needed_name_is_kept(change: str) -> None:
    """Every way to bind or to change an object that a function uses is run again."""
    before = "import numpy as np\nTABLE = [0] * 4"
    found = "\n".join(kept(before, change, BLUR))
    assert change.split("\n")[-1] in found
    assert kept(before, change.replace("TABLE", "OTHER"), BLUR) == [
        "TABLE = [0] * 4",
        BLUR,
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["def mine(x):\n    return x", "blur = mine"], ["mine", "blur = mine"]),
        (["def mine(x):\n    return x", "blur = lambda x: mine(x)"], ["mine", "lambda"]),
        (
            ["import functools", "@functools.cache\ndef blur(x):\n    return x"],
            ["import functools", "@functools.cache"],
        ),
        (["SIZE = 3", "def blur(x, size=SIZE):\n    return x"], ["SIZE = 3", "def blur"]),
        (["SIZE = 3", "class K:\n    size = SIZE\ndef blur(x):\n    return K.size"],
         ["SIZE = 3", "class K", "def blur"]),
        (["SIZE = 3", "class K:\n    def f(self):\n        SIZE\ndef blur(x):\n    K()"],
         ["SIZE = 3", "class K", "def blur"]),
        (["N = 3", "T = [N for _ in range(2)]\ndef blur(x):\n    return T"],
         ["N = 3", "T = [N", "def blur"]),
        (["def load(d):\n    return d * ONE", "ONE = 1", "C = compiled(load)",
          "def blur(x):\n    return C"], ["def load", "ONE = 1", "C = ", "def blur"]),
        (["import cupyx.scipy.fft\nimport cupyx", "def blur(x):\n    return cupyx.scipy"],
         ["import cupyx.scipy.fft", "import cupyx", "def blur"]),
        (["import numpy as np", "np.random.seed(3)", "def blur(x):\n    return np"],
         ["import numpy as np", "np.random.seed(3)", "def blur"]),
        (["from my_blur import blur as mine, other", "blur = mine"], ["from", "blur"]),
        (["async def blur(x):\n    return N", "N = 1"], ["async def blur", "N = 1"]),
    ],
    ids=[
        "alias", "lambda", "decorator", "default", "class-body", "method", "comprehension",
        "callback", "submodule", "seed", "import-as", "async",
    ],
)  # fmt: skip
def test_dependencies_are_followed(cells: list[str], expected: list[str]) -> None:
    """What a definition needs when it is made, and when it is called, comes with it."""
    found = kept("nobody = 'needs this'", *cells)
    assert len(found) == len(expected), found
    assert all(part in text for part, text in zip(expected, found, strict=True)), found


def test_a_star_import_brings_what_the_module_gives() -> None:
    """``from module import *`` is kept where it gave a needed name."""
    assert kept("from tables import *", BLUR) == ["from tables import *", BLUR]
    assert kept("from elsewhere import *", BLUR) == [BLUR]


def test_local_names_are_no_dependencies() -> None:
    """A local name of a function does not bring a session's name in."""
    demo = "image = open('photo')\nx = image.read()"
    body = "def blur(x):\n    image = x * 2\n    return [image for image in [image]]"
    assert kept(demo, body) == [body]


def test_mutual_recursion_ends() -> None:
    """Functions that call each other, and names that depend on themselves, are found."""
    one = "def blur(x):\n    return other(x)"
    two = "def other(x):\n    return blur(x)"
    assert kept("n = 1", "n = n + 1", one, two) == [one, two]
    three = "def blur(x):\n    return n"
    assert kept("n = 1", "n = n + 1", three) == ["n = 1", "n = n + 1", three]


def test_what_no_statement_binds_is_told() -> None:
    """The names that came into the session by another way, and builtins, are named."""
    _, unbound = needed(
        statements(["def blur(x):\n    return len(TABLE)"]),
        ["blur"],
        lambda _: frozenset(),
    )
    assert unbound == {"len", "TABLE"}


def test_statements_on_one_line_are_taken_apart() -> None:
    """Beside a needed statement on its line stands what is not run again."""
    found = statements(
        ["print('ä'); N = (1,\n  2); print(N)\n@f\n@g\ndef blur(x): return N"]
    )
    assert [(s.line, s.text) for s in found] == [
        (1, "print('ä')"),
        (1, "N = (1,\n  2)"),
        (2, "print(N)"),
        (3, "@f\n@g\ndef blur(x): return N"),
    ]


def test_magics_are_dropped_but_for_what_they_run() -> None:
    """IPython's magics cannot be run again; what ``%time`` ran was run in the session."""
    cell = """\
        get_ipython().run_line_magic('matplotlib', 'inline')
        get_ipython().run_line_magic('time', 'blur = 3')
        files = get_ipython().getoutput('ls')
        get_ipython().run_line_magic('time', '1 +')
    """
    assert [(s.line, s.text) for s in statements([cell])] == [(2, "blur = 3")]


def test_a_program_knows_its_places() -> None:
    """Each line of the module leads back to the cell and the line there."""
    cells = statements(
        [
            "from __future__ import annotations\n\nN = 1",
            "print()\n\ndef blur(x):\n    return N",
        ]
    )
    found = [s for s in cells if "print" not in s.text]
    program = write_program("soft", ["blur"], found, beside=False)
    lines = program.text.splitlines()
    assert len(lines) == len(program.places)
    assert lines[1] == "from __future__ import annotations"
    where = {
        line: place
        for line, place in zip(lines, program.places, strict=True)
        if place[0]
    }
    assert where["N = 1"] == ("In [1]", 3)
    assert where["    return N"] == ("In [2]", 4)
    compile(program.text, "soft.py", "exec")


def check(message: str, hint: str = "") -> ExerciseResult:
    told = CheckResult(
        name="values", title="T.", status=Status.FAILED, points=0, max_points=1,
        reason=Reason.CRASHED, message=message, hint=hint,
    )  # fmt: skip
    return ExerciseResult(name="soft/soft", title="Soft", checks=(told,))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            "blur raised E on line 5 of soft.py (return x): y",
            "line 2 of In [7] (return x)",
        ),
        ("a read (line 5); an image", "a read (line 2 of In [7]); an image"),
        ('File "soft.py", line 5: y', "line 2 of In [7]: y"),
        ("x on line 3 of helper.py: y", "x on line 3 of helper.py: y"),
        ("x on line 3 of soft_beside.py: y", "x on line 3 of soft.py: y"),
        ("Expecting value: line 4 column 1", "line 4 column 1"),
        ("x on line 400 of soft.py", "x on line 400 of your session"),
        ("soft.py has no function 'x'.", "Your session has no function 'x'."),
        (
            "soft.py raises NameError when it is imported on line 4 of soft.py: y",
            "Running your definitions again raises NameError on line 1 of In [7]: y",
        ),
        ("Importing soft.py took too long.", "Running your definitions again took"),
    ],
)
def test_messages_name_what_the_learner_sees(ours: str, theirs: str) -> None:
    """A message about the module becomes one about the session's cells."""
    cells = read_statements("In [7]", "def blur(x):\n    return x")
    program = write_program("soft", ["blur"], cells, beside=False)
    assert program.places[3:] == (("In [7]", 1), ("In [7]", 2)), program.text
    told = in_session_words(check(ours, hint="line 5"), program).checks[0]
    assert theirs in told.message
