# %%
#right
# %%
import sys
sys.exit(0)
# %%
assert False
