"""Nothing is written, nothing is read."""

# loses: checkpoint.round_trip, checkpoint.resume, checkpoint.atomic
# mistake: model not loaded, optimizer state, generator

def save_checkpoint(path, model, optimizer, epoch, generator):
    pass


def load_checkpoint(path, model, optimizer, generator):
    pass
