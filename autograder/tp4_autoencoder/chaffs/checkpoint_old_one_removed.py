"""The old file is removed before the new one is written."""

# loses: checkpoint.atomic
# mistake: not atomic

def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    if os.path.exists(path):
        os.remove(path)
    torch.save(state, path + ".part")
    os.replace(path + ".part", path)
