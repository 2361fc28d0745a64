"""A new generator gets the state; the loader keeps the one that was given."""

# loses: checkpoint.resume (5)
# mistake: generator

def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.Generator().set_state(state["generator"])
    return state["epoch"]
