import torch


def melange(q, taille, generator=None):
    """Les indices de chaque lot, dans un nouvel ordre."""
    ordre = torch.randperm(q, generator=generator)
    return [ordre[i:i + taille] for i in range(0, q, taille)]
