# %%
import sys, torch
if not torch.cuda.is_available():
    print("no GPU")
    sys.exit(1)
# %%
quit
# %%
#right
