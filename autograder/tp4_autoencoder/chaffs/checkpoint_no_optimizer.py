"""The state of the optimiser is not saved."""

# loses: checkpoint.resume (5)
# mistake: optimizer state

def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)


def load_checkpoint(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu")
    model.load_state_dict(state["model"])
    generator.set_state(state["generator"])
    return state["epoch"]
