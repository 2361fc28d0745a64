# %%
#right
# %%
kept = []
while True:
    kept.append(open("/dev/null"))
