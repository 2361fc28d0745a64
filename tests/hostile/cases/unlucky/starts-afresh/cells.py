# %%
import torch
x = 3
# %%
%reset -f
from IPython import get_ipython
get_ipython().run_line_magic("clear", "")
# %%
#right
