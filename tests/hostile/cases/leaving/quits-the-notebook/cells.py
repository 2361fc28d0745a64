# %%
#right
# %%
exit()
# %%
quit
# %%
double = double
