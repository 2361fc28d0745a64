"""Items are vectors alone."""

# loses: dataset.items (5), dataset.range, dataset.lazy

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1).float() / self.scale
