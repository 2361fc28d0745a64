# %%
#right
# %%
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
    open("/tmp/planted-by-a-daemon", "w").write("here")
    os._exit(0)
