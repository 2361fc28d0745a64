"""States are kept in a variable, which is the live one."""

# loses: checkpoint.round_trip (2), checkpoint.resume (5), checkpoint.atomic
# mistake: live state, one file, optimizer state, not atomic

KEPT = {}


def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    KEPT[path] = state


def load_checkpoint(path, model, optimizer, generator):
    state = KEPT[path]
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]
