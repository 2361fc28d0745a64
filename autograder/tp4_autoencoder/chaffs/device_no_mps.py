"""pick_device knows CUDA and the CPU."""

# loses: device (2)

def pick_device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
