"""Vectors are float64."""

# loses: dataset.range (2)
# mistake: dtype

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1).double() / self.scale, int(self.labels[i])
