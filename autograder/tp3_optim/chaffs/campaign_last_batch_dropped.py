"""drop_last: the short batch is left out, and not counted."""

# loses: campaign.updates (4)
# mistake: last batch, last batch not counted

def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    table = []
    for batch_size in batch_sizes:
        model = at_zero(Regressor([x.shape[1], 1])).to(x)
        optimizer = make_optimizer(model, "sgd", lr)
        loader = DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True, drop_last=True,
                            generator=torch.Generator().manual_seed(seed))
        updates, seconds = 0, 0.0
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            train_optim(model, loader, optimizer, 1)
            seconds += time.perf_counter() - start
            updates += len(loader)
            loss = evaluate(model, x, y)
            table.append({"batch_size": batch_size, "epoch": epoch, "loss": loss, "updates": updates,
                          "seconds": seconds})
            if writer is not None:
                writer.add_scalar(f"Loss_per_epoch/batch_{batch_size}", loss, epoch)
                writer.add_scalar(f"Loss_per_update/batch_{batch_size}", loss, updates)
    return table
