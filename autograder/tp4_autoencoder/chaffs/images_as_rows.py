"""Vectors are written as rows of one image, 3 pixels high."""

# loses: images

def log_reconstructions(writer, model, x, epoch):
    with torch.no_grad():
        writer.add_image("reconstructions", torch.stack([x, model(x)]).clamp(0, 1)[:1], epoch)
