# %%
#right
