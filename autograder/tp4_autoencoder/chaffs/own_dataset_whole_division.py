"""`//` divides: all but the brightest pixels become 0."""

# loses: dataset.items (4), dataset.range (2)

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return (self.images[i].reshape(-1) // self.scale).float(), int(self.labels[i])
