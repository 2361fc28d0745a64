"""Every function is there and does nothing."""

# loses: train_autograd.one_step, train_autograd.five_steps, regressor.registered, regressor.forward, make_optimizer, train_optim.sgd, train_optim.adam, train_optim.stale, train_optim.batches, evaluate.value, evaluate.clean, campaign.updates, campaign.loss, campaign.seconds, campaign.logs
# mistake: not registered, frozen, history

def train_autograd(x, y, lr, epochs, w=None, b=None):
    return None


class Regressor(nn.Module):
    def __init__(self, sizes):
        super().__init__()

    def forward(self, x):
        return None


def make_optimizer(model, name, lr):
    return None


def train_optim(model, loader, optimizer, epochs, loss_fn=nn.MSELoss()):
    return []


def evaluate(model, x, y, loss_fn=nn.MSELoss()):
    return 0.0


def campaign(x, y, batch_sizes, epochs, lr, seed, writer=None):
    return []
