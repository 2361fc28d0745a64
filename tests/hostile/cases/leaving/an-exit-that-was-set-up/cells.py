# %%
#right
# %%
import os, threading, time
threading.Timer(0.05, os._exit, [0]).start()
time.sleep(0.9)
