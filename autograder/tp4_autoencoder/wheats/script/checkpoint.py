from pathlib import Path
import torch


def save_checkpoint(path, model, optimizer, epoch, generator):
    tmp = Path(str(path) + '~')
    etat = dict(model=model.state_dict(), optim=optimizer.state_dict(), epoch=torch.tensor(epoch),
                rng=generator.get_state())
    torch.save(etat, tmp)
    tmp.replace(path)


def load_checkpoint(path, model, optimizer, generator):
    etat = torch.load(path, weights_only=True)
    model.load_state_dict(etat['model'])
    optimizer.load_state_dict(etat['optim'])
    generator.set_state(etat['rng'].cpu())
    return etat['epoch']
