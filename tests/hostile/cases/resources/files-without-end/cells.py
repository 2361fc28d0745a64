# %%
#right
# %%
import os, time
try:
    for number in range(10_000):
        if number % 100 == 0:
            os.mkdir(f"planted-{number}")
        open(f"planted-{number // 100 * 100}/{number}", "w").close()
except OSError:  # where the folder has no end of its own, a watcher sees them
    os.abort()
time.sleep(0.9)
