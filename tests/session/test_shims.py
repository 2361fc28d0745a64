"""Honest code that uses processes, downloads or modules that are not installed."""

from __future__ import annotations

import pytest
from pupils import Session

from gradjudge.wire.messages import Answer, Get, Ref


def result(session: Session, source: str) -> object:
    """Run a cell that must not fail and return its `r`."""
    done = session.run(source)
    assert done.error is None, done.error.text
    answer = session.ask(Get(Ref("r")))
    assert isinstance(answer, Answer)
    return answer.value


@pytest.mark.parametrize(
    "arguments",
    [
        "num_workers=2",
        "num_workers=2, persistent_workers=True, prefetch_factor=4, timeout=5, pin_memory=True",
        "shuffle=False, sampler=None, batch_sampler=None, num_workers=3, multiprocessing_context='fork'",
        "False, None, None, 2",
        "num_workers=1, worker_init_fn=print, drop_last=False",
    ],
)
def test_a_data_loader_loads_in_this_process(notebook: Session, arguments: str) -> None:
    """Workers are not started, and the batches are the same."""
    source = f"from torch.utils.data import DataLoader\nr = [b.tolist() for b in DataLoader([1, 2, 3], 2, {arguments})]"
    assert result(notebook, source) == [[1, 2], [3]]


def test_a_subclass_of_data_loader_works(notebook: Session) -> None:
    """The shim is in the class itself, so subclasses and keyword-only use pass through it."""
    source = (
        "import torch.utils.data as d\nclass L(d.DataLoader):\n"
        "  def __init__(self, data): super().__init__(data, batch_size=2, num_workers=2)\n"
        "r = [b.tolist() for b in L([1, 2, 3])]"
    )
    assert result(notebook, source) == [[1, 2], [3]]


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto", "tqdm.notebook"])
def test_progress_bars_pass_through(notebook: Session, module: str) -> None:
    """tqdm and trange yield their items, and accept every call on a bar."""
    source = (
        f"from {module} import tqdm, trange\nr = []\n"
        "for i in tqdm(range(3), desc='x', leave=False): r.append(i)\n"
        "with tqdm(total=3) as bar:\n  bar.update(2); bar.set_postfix(loss=1.0); bar.set_description('y')\n"
        "  r.append(bar.n)\n"
        "bar = trange(2)\nfor i in bar: bar.set_postfix({'a': 1})\n"
        "r.append(len(tqdm([1, 2])))\nr.append(len(list(tqdm(iter([1])))))"
    )
    assert result(notebook, source) == [0, 1, 2, 2, 2, 1]


def test_a_whole_module_of_progress_can_be_imported(notebook: Session) -> None:
    """`import tqdm` alone works as well."""
    assert result(notebook, "import tqdm\nr = list(tqdm.tqdm([1])) + list(tqdm.trange(1))") == [1, 0]


def test_small_printers_pass_through(notebook: Session) -> None:
    """icecream and termcolor return their arguments."""
    source = (
        "from icecream import ic\nfrom termcolor import colored, cprint\nic.configureOutput(prefix='x')\n"
        "cprint('hello', 'red')\nr = [ic(3), ic(1, 2), ic(), colored('a', 'green')]"
    )
    assert result(notebook, source) == [3, (1, 2), None, "a"]


def test_names_of_newer_pythons_disturb_no_library(notebook: Session) -> None:
    """torch's own tracing, which defines types when first used, still works."""
    source = (
        "import torch, typing\nfrom typing import override, ReadOnly, TypeIs\n"
        "@torch.jit.script\ndef f(x: torch.Tensor, n: int) -> torch.Tensor: return x * n\n"
        "traced = torch.jit.trace(lambda x: x + 1, torch.ones(1))\n"
        "r = [f(torch.ones(1), 3).item(), traced(torch.ones(1)).item(), hasattr(typing, 'Nothing')]"
    )
    assert result(notebook, source) == [3.0, 2.0, False]


def test_decorators_for_speed_and_types_return_the_function(notebook: Session) -> None:
    """They do so with arguments and without."""
    source = (
        "import numba\nfrom numba import njit, prange\nfrom beartype import beartype\n"
        "@njit\ndef f(n): return sum(prange(n))\n@numba.jit(nopython=True)\n@beartype\ndef g(n): return f(n) + 1\n"
        "r = [f(3), g(3)]"
    )
    assert result(notebook, source) == [3, 4]


def test_an_absent_module_raises_only_where_it_is_used(notebook: Session) -> None:
    """Importing, naming and subclassing go through; a call raises ModuleNotFoundError."""
    source = (
        "import torchvision, torchvision.transforms as T, torchvision.datasets.mnist\n"
        "from torchvision import datasets, models\nfrom torchvision.transforms import *\n"
        "from datamaestro import prepare_dataset\nimport tensorflow as tf\nimport einops\n"
        "class Mine(datasets.MNIST): pass\n"
        "r = [type(T.ToTensor).__name__ != '', callable(prepare_dataset)]"
    )
    assert result(notebook, source) == [True, True]
    for call in ("datasets.MNIST('.')", "prepare_dataset('x')", "tf.keras.layers.Dense(3)", "Mine()", "T.Compose([])"):
        done = notebook.run(call)
        assert done.error is not None
        assert done.error.type_name == "ModuleNotFoundError"


def test_a_students_own_fallback_is_used(notebook: Session) -> None:
    """A guarded import raises ImportError; imports in the handlers are not guarded."""
    source = (
        "try:\n  import torchvision\n  r = ['there']\nexcept ImportError:\n  r = ['own way']\n  import torchaudio\n"
        "try:\n  import google.colab\n  r.append('colab')\nexcept: r.append('not colab')\n"
        "try:\n  import seaborn\nfinally: r.append('finally')"
    )
    assert result(notebook, source) == ["own way", "not colab", "finally"]


def test_libraries_are_not_affected(notebook: Session) -> None:
    """``find_spec`` finds no absent module, and a library that imports one gets an ImportError."""
    done = notebook.run("exec(compile('import torchvision', '/usr/lib/somewhere.py', 'exec'), {'__name__': 'library'})")
    assert done.error is not None
    assert done.error.type_name == "ModuleNotFoundError"
    source = "import importlib, importlib.util\nr = [importlib.util.find_spec(n) for n in ('torchvision', 'tqdm')]"
    assert result(notebook, source) == [None, None]
    assert result(notebook, "r = importlib.import_module('torchvision').__name__") == "torchvision"


def test_colab_and_reporting_do_nothing(notebook: Session) -> None:
    """Mounting a drive, setting a plot style and reporting to a service do nothing."""
    source = (
        "from google.colab import drive\ndrive.mount('/content/drive')\nimport seaborn as sns\nsns.set_theme()\n"
        "import wandb\nwandb.init(project='x'); wandb.log({'a': 1})\nfrom torchinfo import summary\nsummary(None)\n"
        "from dotenv import load_dotenv\nload_dotenv()\nr = 1"
    )
    assert result(notebook, source) == 1


def test_other_missing_modules_are_missing(notebook: Session) -> None:
    """Only what is listed is inert; a module that exists keeps its own errors."""
    for source in ("import nosuchmodule", "from sklearn.datasets import load_boston", "import sklearn.nosuch"):
        done = notebook.run(source)
        assert done.error is not None
        assert done.error.type_name in ("ModuleNotFoundError", "ImportError")
    assert result(notebook, "import scipy\nr = scipy.__name__ == 'scipy' and type(scipy).__name__") == "module"


def test_downloads_that_fail_do_not_wait(notebook: Session) -> None:
    """scikit-learn's retries do not sleep; other sleeps do."""
    source = (
        "import time\nfrom sklearn.datasets import _base\nfrom sklearn.datasets._base import RemoteFileMetadata\n"
        "import urllib.error\ndef fails(*a, **k): raise urllib.error.URLError('offline')\n"
        "_base.urlretrieve = fails\nbegun = time.time()\n"
        "try: _base._fetch_remote(RemoteFileMetadata('f', 'http://x', '0'), dirname='.', n_retries=3, delay=5)\n"
        "except urllib.error.URLError: pass\n"
        "r = [time.time() - begun < 14]\nbegun = time.time(); time.sleep(0.05); r.append(time.time() - begun >= 0.05)"
    )
    assert result(notebook, source) == [True, True]


def test_companions_come_last_on_the_path(notebook: Session) -> None:
    """A companion can be imported, and hides no module of Python's or torch's."""
    (notebook.folder / "tp1_beside.py").write_text("value = 5\n")
    (notebook.folder / "json.py").write_text("raise SystemExit\n")
    assert result(notebook, "import tp1_beside, json\nr = [tp1_beside.value, json.dumps(1)]") == [5, "1"]
