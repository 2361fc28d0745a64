"""The model is saved, and not loaded."""

# loses: checkpoint.round_trip (4)
# mistake: model not loaded

def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]
