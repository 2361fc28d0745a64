"""The slowest honest style: Python loops over rows, columns and parameters, nothing vectorised, no DataLoader."""

import random
import time

import torch


def square(number):
    return number * number


def train_autograd(x, y, lr, epochs, w=None, b=None):
    n = x.shape[1]
    weights = [(torch.zeros((), dtype=x.dtype, device=x.device) if w is None else w[j, 0].detach().clone()) for j in range(n)]
    bias = torch.zeros((), dtype=x.dtype, device=x.device) if b is None else b.reshape(-1)[0].detach().clone()
    history = []
    for _ in range(epochs):
        leaves = [one.requires_grad_() for one in (*weights, bias)]
        total = 0.0
        for i in range(x.shape[0]):
            guess = leaves[-1]
            for j in range(n):
                guess = guess + x[i, j] * leaves[j]
            total = total + square(guess - y[i, 0])
        cost = total / x.shape[0]
        slopes = torch.autograd.grad(cost, leaves)
        moved = [(leaf - lr * slope).detach() for leaf, slope in zip(leaves, slopes)]
        weights, bias = moved[:-1], moved[-1]
        history.append([len(history), cost.item()])
    return torch.stack([one.detach() for one in weights]).reshape(n, 1), bias.detach().reshape(1, 1), history


class Regressor(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.count = len(sizes) - 1
        for k in range(self.count):
            setattr(self, "couche" + str(k), torch.nn.Linear(sizes[k], sizes[k + 1]))

    def forward(self, x):
        for k in range(self.count):
            x = getattr(self, "couche" + str(k))(x)
            if k < self.count - 1:
                x = (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())
        return x


def make_optimizer(model, name, lr):
    everything = []
    for _, parameter in model.named_parameters():
        everything.append(parameter)
    if name == "adam":
        return torch.optim.Adam(everything, lr)
    return torch.optim.SGD([{"params": [one]} for one in everything], lr)


def train_optim(model, loader, optimizer, epochs, loss_fn=torch.nn.MSELoss()):
    result = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for batch in loader:
            for parameter in model.parameters():
                parameter.grad = None
            loss = loss_fn(model(batch[0]), batch[1])
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(batch[0])
            count += len(batch[0])
        result.append(total / count)
    return result


def evaluate(model, x, y, loss_fn=torch.nn.MSELoss()):
    before = model.training
    model.train(False)
    total = 0.0
    for i in range(len(x)):
        with torch.no_grad():
            total += float(loss_fn(model(x[i:i + 1]), y[i:i + 1]))
    if before:
        model.train()
    return total / len(x)


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    dice = random.Random(seed)
    for size in batch_sizes:
        model = Regressor([x.shape[1], 1]).to(x)
        for parameter in model.parameters():
            torch.nn.init.zeros_(parameter)
        optimizer = make_optimizer(model, "sgd", lr)
        steps = 0
        clock = 0.0
        for epoch in range(epochs):
            rows = list(range(len(x)))
            dice.shuffle(rows)
            begin = time.time()
            k = 0
            while k < len(rows):
                batch = rows[k:k + size]
                train_optim(model, [(x[batch], y[batch])], optimizer, 1)
                steps += 1
                k += size
            clock += time.time() - begin
            loss = evaluate(model, x, y)
            row = dict(batch_size=size, epoch=epoch + 1, loss=loss, updates=steps, seconds=clock)
            table.append(row)
            if writer:
                writer.add_scalar("Loss_per_epoch/batch_" + str(size), row["loss"], row["epoch"])
                writer.add_scalar("Loss_per_update/batch_" + str(size), row["loss"], row["updates"])
    return table
