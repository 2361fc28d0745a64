"""torch.save writes straight to the path: a failure destroys the old file."""

# loses: checkpoint.atomic
# mistake: not atomic

def save_checkpoint(path, model, optimizer, epoch, generator):
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
        "generator": generator.get_state(),
    }
    torch.save(state, path)
