from torch.utils.data import Dataset
import torch


class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images = images
        self.labels = torch.as_tensor(labels)
        self.scale = scale

    def __getitem__(self, index):
        return torch.as_tensor(self.images[index]).flatten().to(torch.float32).div(self.scale), self.labels[index]

    def __len__(self):
        return len(self.labels)
