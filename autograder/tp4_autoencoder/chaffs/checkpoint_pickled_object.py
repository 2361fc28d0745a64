"""Whole objects are pickled, and torch.load refuses them (weights_only is True by default)."""

# loses: checkpoint.round_trip, checkpoint.resume, checkpoint.atomic
# mistake: pickled object

class State:
    def __init__(self, model, optimizer, epoch, generator):
        self.model, self.optimizer, self.epoch, self.generator = model, optimizer, epoch, generator.get_state()


def save_checkpoint(path, model, optimizer, epoch, generator):
    torch.save(State(model, optimizer, epoch, generator), path + ".part")
    os.replace(path + ".part", path)


def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path)
    model.load_state_dict(state.model.state_dict())
    optimizer.load_state_dict(state.optimizer.state_dict())
    generator.set_state(state.generator)
    return state.epoch
