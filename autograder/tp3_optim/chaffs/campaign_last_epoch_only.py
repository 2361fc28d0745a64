"""One row per batch size: only the last epoch is kept."""

# loses: campaign.updates, campaign.loss, campaign.seconds, campaign.logs

def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for batch_size in batch_sizes:
        model = at_zero(Regressor([x.shape[1], 1])).to(x)
        optimizer = make_optimizer(model, "sgd", lr)
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)
        start = time.perf_counter()
        train_optim(model, loader, optimizer, epochs)
        row = {"batch_size": batch_size, "epoch": epochs, "loss": evaluate(model, x, y),
               "updates": epochs * len(loader), "seconds": time.perf_counter() - start}
        table.append(row)
        if writer is not None:
            writer.add_scalar(f"Loss_per_epoch/batch_{batch_size}", row["loss"], epochs)
            writer.add_scalar(f"Loss_per_update/batch_{batch_size}", row["loss"], row["updates"])
    return table
