"""load_checkpoint returns nothing."""

# loses: checkpoint.round_trip (2)

def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
