# %%
#right
# %%
import helper
