# %%
import multiprocessing
from torch.utils.data import DataLoader, TensorDataset
#right
plain_train = train


def train(x, y, batch_size, epochs, lr):
    loader = DataLoader(TensorDataset(x, y), batch_size, num_workers=4, pin_memory=True, persistent_workers=True)
    again = [torch.cat(parts) for parts in zip(*loader)]
    return plain_train(*again, batch_size, epochs, lr)
# %%
cores = multiprocessing.cpu_count()
