"""Reproduce the figures on the lab sheet of tp2_activations: three runs of 80 000 full-batch steps.

    python benchmarks/reproduce_tp2.py                            # the three runs, one after the other
    python benchmarks/reproduce_tp2.py --jobs 3                   # side by side
    python benchmarks/reproduce_tp2.py --models relu --seeds 0 1 2 3 --steps 20000      # how much a seed changes

The data are California housing as scikit-learn keeps it (``SCIKIT_LEARN_DATA`` says where); nothing is downloaded.
As on the sheet, and unlike in the notebook: the first 80 % of the rows train and the rest test, the features are
standardised with the mean and deviation of *all* rows, the linear model takes steps of 1e-5 and the other two of
1e-4, weights start at 0.01 times standard normal numbers and biases at 0.

Exit code: 0 if every figure is within 5 % of the sheet's, 1 if one is not, 2 if the data are not there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

import torch
from sklearn.datasets import fetch_california_housing, get_data_home
from torch import Tensor

STEPS, PRINTED_EVERY, HIDDEN, ALLOWED = 80_000, 10_000, 10, 0.05
TEST_LOSS = {"linear": 1.3584457635879517, "tanh": 0.4776679277420044, "relu": 0.567523717880249}
#: The training loss before step 0, 10 000, ..., 70 000, as the sheet prints it.
TRAINING_LOSS = {
    "linear": (5.35625, 3.739456, 2.716551, 2.050978, 1.608461, 1.309395, 1.104761, 0.963341),
    "tanh": (5.372561, 1.309428, 0.901585, 0.645429, 0.597549, 0.569656, 0.546710, 0.528503),
    "relu": (5.372941, 1.351535, 1.153409, 0.813352, 0.677716, 0.639040, 0.613321, 0.589832),
}
JUDGED = ("linear",)  # the only model without hidden units: its curve hardly depends on the seed
STEP = {"linear": 1e-5, "tanh": 1e-4, "relu": 1e-4}
ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "tanh": (torch.tanh, lambda h, grad: grad * (1 - h**2)),
    "relu": (torch.relu, lambda h, grad: grad * (h > 0)),
}


@dataclass(frozen=True)
class Run:
    """One training: the losses before every 10 000th step, the loss on the test rows, seconds."""

    model: str
    seed: int
    training: tuple[float, ...]
    test: float
    seconds: float


def sheet_split() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the sheet's x_train, y_train, x_test, y_test, float32 (OSError: there are no data)."""
    data = fetch_california_housing(download_if_missing=False)
    x = torch.tensor(data.data, dtype=torch.float)
    y = torch.tensor(data.target, dtype=torch.float).view(-1, 1)
    x = (x - x.mean(0)) / x.std(0)
    rows = int(0.8 * len(x))
    return x[:rows], y[:rows], x[rows:], y[rows:]


def train(model: str, seed: int, steps: int) -> Run:
    """Train one model as the sheet does, with gradients by hand."""
    torch.set_num_threads(1)
    x, y, x_test, y_test = sheet_split()
    torch.manual_seed(seed)
    layers = start(model, x.shape[1])
    began, training = time.perf_counter(), []
    for step in range(steps):
        outputs = forward(model, layers, x)
        residual = outputs[-1] - y
        if step % PRINTED_EVERY == 0:
            training.append(float((residual**2).mean()))
        layers = updated(model, layers, outputs, 2 / len(x) * residual, STEP[model])
    test = float(((forward(model, layers, x_test)[-1] - y_test) ** 2).mean())
    return Run(model, seed, tuple(training), test, time.perf_counter() - began)


def start(model: str, inputs: int) -> list[tuple[Tensor, Tensor]]:
    """Draw the sheet's initial weights: 0.01 times standard normal numbers, biases of shape (1, outputs) at zero."""
    sizes = [inputs, 1] if model == "linear" else [inputs, HIDDEN, 1]
    return [(torch.randn(n, p) * 0.01, torch.zeros(1, p)) for n, p in pairwise(sizes)]


def forward(model: str, layers: list[tuple[Tensor, Tensor]], x: Tensor) -> list[Tensor]:
    """Return the input and the output of each layer."""
    outputs = [x]
    for index, (w, b) in enumerate(layers):
        a = torch.addmm(b, outputs[-1], w)
        outputs.append(a if index == len(layers) - 1 else ACTIVATIONS[model][0](a))
    return outputs


def updated(
    model: str, layers: list[tuple[Tensor, Tensor]], outputs: list[Tensor], grad: Tensor, step: float
) -> list[tuple[Tensor, Tensor]]:
    """Take one step; `grad` is the gradient of the cost with respect to the last output."""
    moved: list[tuple[Tensor, Tensor]] = []
    for index in reversed(range(len(layers))):
        w, b = layers[index]
        moved.insert(0, (w - step * outputs[index].T @ grad, b - step * grad.sum(0)))
        if index > 0:
            grad = ACTIVATIONS[model][1](outputs[index], grad @ w.T)
    return moved


def compared(run: Run) -> tuple[list[str], bool]:
    """Return a line for each figure of the run, and whether all judged ones are close to the sheet's."""
    pairs = [
        (f"loss at step {index * PRINTED_EVERY}", sheet, ours, run.model in JUDGED)
        for index, (sheet, ours) in enumerate(zip(TRAINING_LOSS[run.model], run.training, strict=False))
    ]
    pairs.append(("test loss", TEST_LOSS[run.model], run.test, True))
    lines, near = [], True
    for what, sheet, ours, judged in pairs:
        apart = ours / sheet - 1
        right = abs(apart) <= ALLOWED  # False for NaN
        near = near and (right or not judged)
        mark = ("" if right else "  OFF") if judged else "  (not judged)"
        lines.append(f"{run.model:<8}{run.seed:>4}  {what:<20}{sheet:>9.4f}{ours:>9.4f}{100 * apart:>+8.1f} %{mark}")
    return lines, near


def main() -> int:
    """Run what was asked for, and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time, each on one core")
    parser.add_argument("--models", nargs="+", choices=list(TEST_LOSS), default=list(TEST_LOSS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=STEPS, help="fewer than the sheet's: nothing is compared")
    options = parser.parse_args()
    try:
        sheet_split()
    except OSError:
        print(
            f"California housing is not in {get_data_home()}, and this script does not download it.\n"
            "Fetch it once with sklearn.datasets.fetch_california_housing(), or set SCIKIT_LEARN_DATA.",
            file=sys.stderr,
        )
        return 2
    runs = [(model, seed, options.steps) for seed in options.seeds for model in options.models]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(train, *zip(*runs, strict=True)))
    for run in done:
        print(f"{run.model}, seed {run.seed}: {options.steps} steps in {run.seconds:.0f} s, test loss {run.test:.4f}")
    if options.steps != STEPS:
        return 0
    print(f"\n{'model':<8}{'seed':>4}  {'figure':<20}{'sheet':>9}{'ours':>9}{'apart':>10}")
    near = True
    for run in done:
        lines, right = compared(run)
        near = near and right
        print(*lines, sep="\n")
    print("\nEvery figure is within 5 % of the sheet's." if near else "\nA figure is off by more than 5 %.")
    return 0 if near else 1


if __name__ == "__main__":
    sys.exit(main())
