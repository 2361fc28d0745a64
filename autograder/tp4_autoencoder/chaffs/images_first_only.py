"""Only one vector and no reconstruction is shown."""

# loses: images

def log_reconstructions(writer, model, x, epoch):
    side = round(x.shape[1] ** 0.5)
    writer.add_images("reconstructions", x[:1].reshape(-1, 1, side, side), epoch)
