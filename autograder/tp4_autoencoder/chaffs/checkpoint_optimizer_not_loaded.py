"""The state of the optimiser is saved, and not loaded."""

# loses: checkpoint.resume (5)
# mistake: optimizer state

def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    generator.set_state(state["generator"])
    return state["epoch"]
