# %%
#right
# %%
import matplotlib.pyplot as plt
while True:
    plt.figure()
