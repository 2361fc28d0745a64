"""What runs on students' machines runs here, and what cannot costs only itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_course import RIGHT, make_course, notebook

from gradjudge.cohort.supervisor import Supervisor
from gradjudge.judge.jobs import Job
from gradjudge.reports.record import Report

ALL = {"double": 3.0, "square": 4.0, "follow": 2.0}

HEAD, DOUBLE, SQUARE, FOLLOW = re.split(r"\n\n(?=\S)", RIGHT.strip())
Judge = Callable[..., Report]


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """Start a supervisor for the small course, with time enough for a busy machine."""
    course = make_course(tmp_path_factory.mktemp("course"))
    rubric = course.root / "grading.toml"
    text = rubric.read_text()
    rubric.write_text(
        text.replace("cell_seconds = 0.5", "cell_seconds = 20").replace("1.5\n", "20\n").replace("60", "300")
    )
    with Supervisor(type(course)(course.root), ("lab",)) as started:
        assert started.problems == []
        yield started


@pytest.fixture
def judge(supervisor: Supervisor, tmp_path: Path) -> Judge:
    """Judge a script, or a notebook if there are several cells, with files beside it."""

    def judge(*cells: str, **beside: str) -> Report:
        folder = tmp_path / "handed-in"
        folder.mkdir()
        for name, text in beside.items():
            (folder / f"{name}.py").write_text(text)
        file = folder / ("lab.ipynb" if len(cells) > 1 else "lab.py")
        file.write_text(notebook(*cells) if len(cells) > 1 else cells[0])
        return supervisor.judge(Job("ada", "lab", str(file), "key"))

    return judge


def points(report: Report) -> dict[str, float]:
    """Return the points of the automatic items."""
    return {name: item.points for name, item in report.verdict.items.items() if item.kind == "auto"}


def states(report: Report) -> list[str]:
    """Return the states of the cells that did not run normally."""
    return [cell.state for cell in report.verdict.cells]


CONTEXTS = {
    "saved_variables": RIGHT.replace("ctx.saved_tensors", "ctx.saved_variables"),
    "what the node knows": RIGHT.replace(
        "(x,) = ctx.saved_tensors",
        "(x,) = ctx.saved_tensors; assert len(ctx.next_functions) == 1 and 'Square' in ctx.name()\n"
        "        assert ctx.needs_input_grad[0] and ctx.requires_grad and not ctx.dirty_tensors",
    ),
    "marks": RIGHT.replace(
        "return x * x\n", "ctx.set_materialize_grads(False); ctx.metadata['n'] = 1\n        return x * x\n"
    ),
}
COMPILED = {
    "function": RIGHT.replace("def follow", "@torch.compile\ndef follow"),
    "with arguments": RIGHT.replace("def follow", "@torch.compile(mode='reduce-overhead', fullgraph=True)\ndef follow"),
    "call": RIGHT + "follow = torch.compile(follow, backend='inductor')\n",
    "in training": RIGHT.replace(
        "return Square.apply(x) + 1",
        "model = torch.compile(torch.nn.Linear(1, 1)); model.compile()\n"
        "    torch.nn.MSELoss()(model(x), x).backward()\n"
        "    assert set(model._orig_mod.state_dict()) == {'weight', 'bias'}\n    return Square.apply(x) + 1",
    ),
}
NEWER = {
    "override": RIGHT.replace(
        "import torch\n", "import torch\nfrom typing import override, TypeIs, Self, ReadOnly\n", 1
    )
    + "class A:\n    @override\n    def f(self) -> Self: ...\nplain = follow\n"
    "def follow(x): return plain(x) if A() else x\n",
    "a class names itself": RIGHT
    + "class V:\n    def __add__(self, other: V | None) -> V: return other\nplain = follow\n"
    "def follow(x: 'V' | None, n: int = 0) -> Nowhere:\n    assert follow.__annotations__['n'] is int\n"
    "    return (V() + plain)(x)\n",
    "batched": RIGHT + "from itertools import batched\nassert list(batched('abc', 2)) == [('a', 'b'), ('c',)]\n"
    "plain = follow\ndef follow(x): return plain(x) if batched else x\n",
}


@pytest.mark.parametrize("source", [*CONTEXTS.values(), *COMPILED.values(), *NEWER.values()])
def test_a_right_script_has_full_marks(judge: Judge, source: str) -> None:
    """Features of torch's own context, of compilation, and of newer Pythons."""
    assert points(judge(source)) == ALL


@pytest.mark.parametrize("source", NEWER.values())
def test_a_right_notebook_has_full_marks(judge: Judge, source: str) -> None:
    """Cells are compiled like scripts."""
    assert points(judge("print('hello')", source)) == ALL


FIRST_CELLS = [
    "from kaggle_secrets import UserSecretsClient\n",
    "from sklearn.datasets import load_boston, load_diabetes\n",
    "import matplotlib.pyplot as plt\nplt.style.use('seaborn'); open('/content/data.csv')\n",
    "import os\nos.chdir('/content/drive/MyDrive')\n",
    "from google.colab import drive, files\ndrive.mount('/content/drive')\nfiles.upload()\n",
    "%%capture\n!pip install wonders\nimport wonders\n",
    "import wonders, math\n",
    "print(f'{x!r'\n",
]


@pytest.mark.parametrize("line", FIRST_CELLS)
def test_a_line_that_fails_costs_no_definition_below_it(judge: Judge, line: str) -> None:
    """The cell's other imports, functions, classes and plain assignments exist; the failure is reported."""
    report = judge(f"{line}{HEAD}\nclass Lost(Nowhere): pass\n{DOUBLE}\nk = 1", SQUARE, FOLLOW)
    assert points(report) == ALL
    assert states(report) == ["failed"]


def test_the_names_of_one_import_fail_one_by_one(judge: Judge) -> None:
    """In a script as in a notebook."""
    head = f"import wonders, torch\nfrom torch import no_such, autograd\n{HEAD.splitlines()[-1]}\nk = torch.zeros(3)"
    report = judge("\n\n".join([head, DOUBLE, SQUARE, FOLLOW]))
    assert points(report) == ALL
    assert states(report) == ["failed", "failed"]


def test_no_calls_run_below_a_failing_line(judge: Judge) -> None:
    """A plain assignment is a definition, one that calls something is work."""
    cell = "1 / 0\nkept = list()\n" + RIGHT.replace("return 2 * x\n", "return 2 * x + 0 * len(kept)\n", 1)
    assert points(judge("pass", cell)) == ALL | {"double": 0.0}


MAGICS = [
    ("%%notify\n", ["magic"], ALL),
    ("%%time\n%%memit -r 3\n", ["magic"], ALL),
    ("%% Second question\n", ["magic"], ALL),
    ("%tensorflow_version 2.x\n%load_ext wonders\n%wonder\n!pip install wonders\n", [], ALL),
    ("%%sql\n", ["magic"], ALL | {"square": 0.0, "follow": 2.0}),
    ("%%bash\n", [], ALL | {"square": 0.0, "follow": 2.0}),
    ("%%writefile square.py\n", [], ALL | {"square": 0.0, "follow": 2.0}),
]


@pytest.mark.parametrize("magic, cells, due", MAGICS)
def test_an_unknown_magic_lets_its_python_run(
    judge: Judge, magic: str, cells: list[str], due: dict[str, float]
) -> None:
    """With a note; a cell of another language is named, and known magics work."""
    report = judge(HEAD, DOUBLE, magic + SQUARE, FOLLOW)
    assert (points(report), states(report)) == (due, cells)
    if cells:
        name = re.findall(r"%%\s*(\w+)", magic)[-1]
        assert f"%%{name}" in report.verdict.cells[0].message["fr"]


@pytest.mark.parametrize("kind", ["raw", "markdown"])
def test_python_in_a_cell_that_is_no_code_is_named(
    judge: Judge, tmp_path: Path, kind: str, supervisor: Supervisor
) -> None:
    """It is not run; a remark says where it is."""
    made = json.loads(notebook(HEAD, DOUBLE, SQUARE, FOLLOW))
    made["cells"][2] = {"cell_type": kind, "metadata": {}, "id": "c2", "source": SQUARE}
    file = tmp_path / "lab.ipynb"
    file.write_text(json.dumps(made))
    report = supervisor.judge(Job("ada", "lab", str(file), "key"))
    assert points(report) == ALL | {"square": 0.0}
    assert [note["en"].partition(":")[0] for note in report.verdict.notes] == ["Square"]
    made["cells"][1]["source"] += "\n" + SQUARE
    file.write_text(json.dumps(made))
    assert supervisor.judge(Job("ada", "lab", str(file), "key")).verdict.notes == ()


LEFT = {
    "device": "torch.set_default_device('cuda')",
    "meta": "torch.set_default_device('meta')",
    "dtype": "torch.set_default_dtype(torch.float16)",
    "grad mode": "torch.set_grad_enabled(False)",
    "warnings": "import warnings; warnings.simplefilter('error')",
    "numbers": "import numpy; numpy.seterr(all='raise')",
    "depth": "import sys; sys.setrecursionlimit(60)",
    "folder": "import os; os.mkdir('a'); os.chdir('a'); os.rmdir('../a')",
}
STATES = (
    "\nplain = follow\ndef follow(x):\n    import os, warnings, numpy, sys\n    warnings.warn('odd')\n"
    "    assert os.getcwd() and sys.getrecursionlimit() > 500 and numpy.geterr()['over'] == 'warn'\n"
    "    assert torch.zeros(1).device.type == 'cpu' and torch.zeros(1).dtype is torch.float32\n"
    "    assert torch.is_grad_enabled()\n    return plain(x)\n"
)


@pytest.mark.parametrize("left", LEFT.values())
def test_global_settings_of_cells_are_reset(judge: Judge, left: str) -> None:
    """A check finds the folder, defaults and filters of a fresh session."""
    assert points(judge(RIGHT + STATES, left)) == ALL


def test_double_precision_is_the_programs_own_choice(judge: Judge) -> None:
    """The cells' choice holds for all checks, a check's only for itself."""
    own = (
        "\nplain, Plain = follow, Square\ndef follow(x):\n    assert torch.zeros(1).dtype is torch.float64\n"
        "    return plain(x)\n"
        "run = double\ndef double(x):\n    torch.set_default_dtype(torch.float32)\n    return run(x)\n"
    )
    assert points(judge(RIGHT + own, "torch.set_default_dtype(torch.float64)")) == ALL


USED_UP = {
    "threads": "import threading, time\nthreading.stack_size(1 << 16)\n"
    "for _ in range(99):\n    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\ntime.sleep(1)",
    "files": "kept = []\nwhile True: kept.append(open('data', 'a'))",
    "memory": "kept = []\nwhile True: kept.append(bytearray(1 << 22))",
}
NEEDS = (
    "\nplain = follow\ndef follow(x):\n    import threading\n    thread = threading.Thread(target=print)\n"
    "    thread.start(); thread.join(); open('mine', 'w').close()\n    return plain(x + 0 * len(bytearray(1 << 28)))\n"
)


@pytest.mark.parametrize("cell", USED_UP.values())
def test_resources_that_cells_use_up_are_there_for_checks(judge: Judge, cell: str) -> None:
    """The session is restarted."""
    report = judge(RIGHT + NEEDS, cell)
    assert points(report) == ALL
    assert report.run.restarts == 1


def test_a_companion_imports_the_script_by_its_name(judge: Judge) -> None:
    """As when the script is run from its folder; installed modules are not replaced."""
    companion = "from lab import Square\nimport lab\ndef follow(x): return Square.apply(x) + lab.one\n"
    script = "\n\n".join([HEAD, DOUBLE, SQUARE, "one = 1", "from beside import follow"])
    assert points(judge(script, beside=companion)) == ALL


def test_a_checkpoint_that_torch_does_not_load_costs_only_itself(judge: Judge) -> None:
    """Since 2.6 torch refuses numpy scalars: that costs no other item."""
    source = RIGHT.replace(
        "return Square.apply(x) + 1",
        "import numpy\n    torch.save({'best': numpy.float64(1)}, 'kept.pt')\n"
        "    return Square.apply(x) + torch.load('kept.pt')['best']",
    )
    assert points(judge(source)) == ALL | {"follow": 0.0}
