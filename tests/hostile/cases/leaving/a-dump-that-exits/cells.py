# %%
#right
# %%
import faulthandler, time
faulthandler.dump_traceback_later(0.05, exit=True)
time.sleep(0.9)
