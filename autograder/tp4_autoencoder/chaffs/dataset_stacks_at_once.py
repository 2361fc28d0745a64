"""All images are read into one tensor in __init__, and normalised later."""

# loses: dataset.lazy
# mistake: not lazy

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = torch.stack(list(images)), labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1).float() / self.scale, int(self.labels[i])
