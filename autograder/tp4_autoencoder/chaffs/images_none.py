"""Nothing is written."""

# loses: images

def log_reconstructions(writer, model, x, epoch):
    return None
