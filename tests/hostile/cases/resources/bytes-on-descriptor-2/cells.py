# %%
#right
# %%
import os, threading
def write():
    for _ in range(200):
        os.write(2, bytes(1 << 16))
threads = [threading.Thread(target=write, daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
