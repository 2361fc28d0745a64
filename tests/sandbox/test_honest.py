"""What honest notebooks do works in every kind of jail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.conftest import Probe

HONEST = {
    "training": """
import torch
model = torch.nn.Linear(3, 1)
optimiser = torch.optim.Adam(model.parameters(), lr=0.1)
x = torch.randn(64, 3); y = x.sum(1, keepdim=True)
for _ in range(50):
    optimiser.zero_grad(); loss = ((model(x) - y) ** 2).mean(); loss.backward(); optimiser.step()
assert loss < 5
""",
    "gradcheck": """
import torch
assert torch.autograd.gradcheck(torch.sin, (torch.randn(3, dtype=torch.double, requires_grad=True),))
""",
    "threads of torch": "import torch; torch.set_num_threads(4); torch.randn(500, 500) @ torch.randn(500, 500)",
    "data loader": """
import torch
data = torch.utils.data.TensorDataset(torch.arange(10.0))
assert sum(len(batch[0]) for batch in torch.utils.data.DataLoader(data, batch_size=3, shuffle=True)) == 10
""",
    "saving and loading": """
import torch
torch.save({"w": torch.ones(3)}, "model.pt")
assert torch.load("model.pt")["w"].sum() == 3
""",
    "figures": """
import matplotlib.pyplot as plt
plt.plot([1, 2, 3]); plt.title("Coût"); plt.savefig("figure.png"); plt.savefig("figure.pdf"); plt.close()
assert os.path.getsize("figure.png") > 1000
""",
    "tensorboard": """
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter("runs/first") as writer:
    for step in range(5):
        writer.add_scalar("loss", 1 / (step + 1), step)
assert os.listdir("runs/first")
""",
    "data sets": "import sklearn.datasets; assert sklearn.datasets.load_diabetes().data.shape == (442, 10)",
    "joblib": """
import joblib
assert joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(-n) for n in range(5)) == [0, 1, 2, 3, 4]
joblib.cpu_count()
""",
    "random forests": """
from sklearn.ensemble import RandomForestRegressor
RandomForestRegressor(n_estimators=5, n_jobs=2).fit([[1], [2], [3]], [1, 2, 3])
""",
    "locks": """
import fcntl, sqlite3
with open("lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB); fcntl.lockf(lock, fcntl.LOCK_UN)
for _ in range(2):
    with sqlite3.connect("kept.db") as base:
        base.execute("create table if not exists t (x)"); base.execute("insert into t values (1)")
        assert sqlite3.connect("kept.db", timeout=1).execute("select count(*) from sqlite_master").fetchone()[0] < 2
assert base.execute("select count(*) from t").fetchone() == (2,)
from matplotlib.cbook import _lock_path
with _lock_path("kept.db"): pass
""",
    "numpy file": "import numpy; assert numpy.loadtxt('companion.csv', delimiter=',').shape == (2,)",
    "scipy": "import scipy.optimize; assert abs(scipy.optimize.brentq(lambda x: x - 1, 0, 3) - 1) < 1e-9",
    "temporary files": """
import tempfile
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile() as file:
    Path(folder, "x").write_text("x"); file.write(b"x")
    assert folder.startswith(os.environ["HOME"])
""",
    "copies and archives": """
import shutil
Path("folder").mkdir(); shutil.copy2("companion.csv", "folder/copy.csv"); shutil.make_archive("all", "zip", "folder")
shutil.unpack_archive("all.zip", "again"); shutil.move("again/copy.csv", "moved.csv"); shutil.rmtree("folder")
""",
    "home": "Path.home().joinpath('x').write_text('x'); os.path.expanduser('~'); import getpass; getpass.getuser()",
    "threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    assert sum(pool.map(abs, range(100))) == 4950
""",
    "asyncio": """
import asyncio
async def main():
    await asyncio.sleep(0.01)
    return await asyncio.to_thread(abs, -3)
thread = threading.Thread(target=lambda: result.append(asyncio.run(main())))
result = []; thread.start(); thread.join()
assert result == [3]
""",
    "time zones": "import zoneinfo, datetime; datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Paris'))",
    "about the machine": """
platform.platform(); os.cpu_count(); os.getloadavg() if os.path.exists("/proc/loadavg") else None
resource.getrusage(resource.RUSAGE_SELF); socket.gethostname(); time.get_clock_info("monotonic")
""",
    "numbers of memory": """
import psutil
psutil.virtual_memory() if os.path.exists("/proc/meminfo") else None
psutil.Process().memory_info() if os.path.exists("/proc/self") else None
""",
    "signals of its own": """
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1)); signal.raise_signal(signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1); assert got == [1, 1]
""",
    "mapped files": """
import numpy as np
rows = np.memmap("rows", dtype="f4", mode="w+", shape=(10,)); rows[:] = 1; rows.flush()
assert os.stat("rows").st_size == 40
""",
    "compiled regular expressions and C": "ctypes.CDLL('libm.so.6').cos; import re; re.compile('a+')",
}


@pytest.mark.parametrize("what", HONEST)
def test_honest_code_works(probe: Probe, what: str) -> None:
    """Nothing that a course needs, or that a library does internally, is refused."""
    probe.output(HONEST[what], seconds=30.0)


def test_the_companions_are_there(probe: Probe) -> None:
    """Files that were handed in beside the notebook are in the working folder."""
    assert probe.output("print(open('companion.csv').read(), os.getcwd() == os.environ['HOME'])") == "3,4\n True"
