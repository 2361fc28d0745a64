# %%
#right
# %%
import atexit, threading, time
atexit.register(time.sleep, 1e6)
threading._register_atexit(time.sleep, 1e6)
threading.Thread(target=time.sleep, args=(1e6,), daemon=False).start()
