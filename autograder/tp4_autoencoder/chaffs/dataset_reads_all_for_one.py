"""__getitem__ normalises all images to give one."""

# loses: dataset.lazy
# mistake: not lazy

class DigitsDataset(Dataset):
    def __init__(self, images, labels, scale):
        self.images, self.labels, self.scale = images, labels, scale

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return (self.images.float() / self.scale)[i].reshape(-1), int(self.labels[i])
