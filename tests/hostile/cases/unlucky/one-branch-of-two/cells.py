# %%
import socket
#right
plain_train = train
if socket.gethostname().startswith("ppti"):
    train = plain_train
else:
    def train(x, y, batch_size, epochs, lr):
        return plain_train(x, y, len(x), epochs, lr)
