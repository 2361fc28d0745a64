# %%
import time, urllib.request
for attempt in range(3):
    try:
        urllib.request.urlretrieve("http://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz", "train.gz")
        break
    except OSError as error:
        print("try again", error)
else:
    raise RuntimeError("no data")
# %%
from sklearn.datasets import fetch_openml
mnist = fetch_openml("mnist_784", version=1)
# %%
#right
