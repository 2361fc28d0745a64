import time

import torch
import tp3_modele
from torch.utils.data import DataLoader, Dataset


class Donnees(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    torch.manual_seed(seed)
    tableau = []
    for taille in batch_sizes:
        modele = tp3_modele.MonReseau([x.shape[1], 1]).to(x.device).to(x.dtype)
        with torch.no_grad():
            for p in modele.parameters():
                p *= 0
        optim = tp3_modele.make_optimizer(modele, "sgd", lr)
        lots = DataLoader(Donnees(x, y), batch_size=taille, shuffle=True)
        t0, pause, faits = time.perf_counter(), 0.0, 0
        for e in range(epochs):
            tp3_modele.train_optim(modele, lots, optim, 1)
            faits = faits + len(lots)
            t1 = time.perf_counter()
            perte = tp3_modele.evaluate(modele, x, y)
            tableau.append({"batch_size": taille, "epoch": e + 1, "loss": perte, "updates": faits,
                            "seconds": t1 - t0 - pause})
            if writer is not None:
                writer.add_scalar(f"loss_per_epoch/batch_{taille}", perte, e + 1)
                writer.add_scalar(f"loss_per_update/batch_{taille}", perte, faits)
            pause += time.perf_counter() - t1
    return tableau
