"""The generator is seeded anew instead of being put back."""

# loses: checkpoint.resume (5)
# mistake: generator

def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.manual_seed(0)
    return state["epoch"]
