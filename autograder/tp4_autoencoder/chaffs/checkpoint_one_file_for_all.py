"""The path is ignored: there is one file for all."""

# loses: checkpoint.round_trip (4)
# mistake: one file

def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    torch.save(state, "checkpoint.part")
    os.replace("checkpoint.part", "checkpoint.pt")


def load_checkpoint(path, model, optimizer, generator):
    state = torch.load("checkpoint.pt", map_location="cpu")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]
