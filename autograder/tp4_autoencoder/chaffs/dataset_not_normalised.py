"""The division by scale is forgotten."""

# loses: dataset.range (2)
# mistake: not normalised

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1).float(), int(self.labels[i])
