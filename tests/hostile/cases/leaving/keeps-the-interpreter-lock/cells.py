# %%
#right
# %%
import ctypes, threading, time
threading.Thread(target=ctypes.PyDLL(None).sleep, args=(1000,)).start()
time.sleep(0.1)
