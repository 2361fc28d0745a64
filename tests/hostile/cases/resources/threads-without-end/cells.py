# %%
#right
# %%
import os, threading, time
threading.stack_size(64 << 10)
while True:
    try:
        threading.Thread(target=time.sleep, args=(60,)).start()
    except RuntimeError:  # an ordinary user is refused at the limit, root is killed
        os.abort()
