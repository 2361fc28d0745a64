"""Un script en français : setup_context, annotations récentes, `w.data -=`, tout dans des fonctions, un main avec argparse."""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from torch.autograd import Function, gradcheck
from torch.autograd.function import FunctionCtx
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(42)


class Context:
    """Contexte simplifié, comme dans l'énoncé."""

    def __init__(self):
        self._tenseurs: tuple[Tensor, ...] = ()
        self.needs_input_grad = (True,) * 8

    def save_for_backward(self, *tenseurs: Tensor) -> None:
        self._tenseurs = tenseurs

    @property
    def saved_tensors(self) -> tuple[Tensor, ...]:
        return self._tenseurs


def erreur_quadratique(prediction: Tensor, cible: Tensor) -> Tensor:
    # somme sur les colonnes, moyenne sur les exemples
    return (prediction - cible).square().sum(dim=-1).mean()


def grad_mse(yhat: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    q = yhat.size(0)
    ecart = yhat - y
    return ecart.mul(2 / q), ecart.mul(-2 / q)


def grad_linear(x, w, b, grad_output):
    dx = torch.matmul(grad_output, w.transpose(0, 1))
    dw = torch.matmul(x.transpose(0, 1), grad_output)
    db = grad_output.sum(dim=0)
    return dx, dw, db


def grad_cost(x, w, b, y):
    G, _ = grad_mse(x @ w + b, y)
    _, dw, db = grad_linear(x, w, b, G)
    return dw, db


class MSE(Function):
    """Coût quadratique moyen."""

    @staticmethod
    def forward(yhat: Tensor, y: Tensor) -> Tensor:
        return erreur_quadratique(yhat, y)

    @staticmethod
    def setup_context(ctx: FunctionCtx, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: FunctionCtx, grad_output: Tensor) -> tuple[Tensor, Tensor]:
        yhat, y = ctx.saved_tensors
        d_yhat, d_y = grad_mse(yhat, y)
        return grad_output * d_yhat, grad_output * d_y


class Linear(Function):
    @staticmethod
    def forward(x, w, b):
        return x @ w + b

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, w, b = inputs
        ctx.save_for_backward(x, w)
        ctx.forme_b = b.shape

    @staticmethod
    def backward(ctx, grad_output):
        x, w = ctx.saved_tensors
        dx, dw, db = grad_linear(x, w, None, grad_output)
        return dx, dw, db.reshape(ctx.forme_b)


mse = MSE.apply
linear = Linear.apply


def check_mine(mse, linear) -> bool:
    def tirage(*forme):
        return torch.randn(*forme, dtype=torch.float64, requires_grad=True)

    ok_mse = gradcheck(mse, (tirage(10, 5), tirage(10, 5)))
    ok_lin = gradcheck(linear, (tirage(13, 5), tirage(5, 7), tirage(7)))
    return ok_mse and ok_lin


def parametres(x: Tensor, y: Tensor, w: Tensor | None, b: Tensor | None) -> tuple[Tensor, Tensor]:
    if w is None:
        w = torch.zeros(x.shape[1], y.shape[1], dtype=x.dtype, device=x.device)
    if b is None:
        b = torch.zeros(y.shape[1], dtype=x.dtype, device=x.device)
    return w.detach().clone().requires_grad_(True), b.detach().clone().requires_grad_(True)


def un_pas(x: Tensor, y: Tensor, w: Tensor, b: Tensor, lr: float) -> float:
    """Une itération : avant, arrière, mise à jour, remise à zéro."""
    loss = mse(linear(x, w, b), y)
    loss.backward()
    w.data -= lr * w.grad.data
    b.data -= lr * b.grad.data
    w.grad.zero_()
    b.grad.zero_()
    return loss.item()


def train_batch(x, y, lr, epochs, w=None, b=None, *, x_test=None, y_test=None, writer: SummaryWriter | None = None):
    w, b = parametres(x, y, w, b)
    historique: list[float] = []
    for epoque in range(epochs):
        if writer is not None and x_test is not None and y_test is not None:
            with torch.no_grad():
                writer.add_scalar("Loss/test", mse(linear(x_test, w, b), y_test), epoque)
        cout = un_pas(x, y, w, b, lr)
        historique.append(cout)
        if writer is not None:
            writer.add_scalar("Loss/train", cout, epoque)
    return w.detach(), b.detach(), historique


def max_learning_rate(x: Tensor) -> float:
    q = len(x)
    xt = torch.hstack((x, x.new_ones((q, 1))))
    hessienne = 2 / q * xt.t() @ xt
    return 2 / torch.linalg.eigvalsh(hessienne).max().item()


def train_sgd(x, y, lr, epochs, w=None, b=None, *, generator=None):
    return train_minibatch(x, y, lr, epochs, 1, w, b, generator=generator)


def train_minibatch(x, y, lr, epochs, batch_size, w=None, b=None, *, generator=None):
    w, b = parametres(x, y, w, b)
    historique: list[float] = []
    for _ in tqdm(range(epochs), desc="époques", leave=False):
        with torch.no_grad():
            historique.append(mse(linear(x, w, b), y).item())
        ordre = torch.randperm(x.shape[0], generator=generator).to(x.device)
        for debut in range(0, x.shape[0], batch_size):
            indices = ordre[debut : debut + batch_size]
            un_pas(x[indices], y[indices], w, b, lr)
    return w.detach(), b.detach(), historique


def main() -> None:
    parser = argparse.ArgumentParser(description="TP1")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--epochs", type=int, default=100)
    args, _ = parser.parse_known_args()
    x, y = torch.randn(50, 13, device=DEVICE), torch.randn(50, 3, device=DEVICE)
    dossier = Path("runs") / "tp1"
    with SummaryWriter(str(dossier)) as writer:
        w, b, historique = train_batch(x, y, args.lr, args.epochs, writer=writer)
    print(f"coût : {historique[0]:.4f} -> {historique[-1]:.4f}")
    print("gradcheck :", check_mine(mse, linear))


if __name__ == "__main__":
    main()
