"""All images are read and normalised in __init__."""

# loses: dataset.lazy
# mistake: not lazy

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels = images.float() / scale, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i].reshape(-1), int(self.labels[i])
