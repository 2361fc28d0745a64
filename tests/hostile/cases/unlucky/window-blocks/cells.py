# %%
import matplotlib
matplotlib.use("TkAgg")
import matplotlib.pyplot as plt
plt.ion()
plt.plot([1, 2, 3])
plt.show(block=True)
plt.pause(1000)
# %%
#right
# %%
%matplotlib qt
plt.plot(train(torch.randn(10, 3), torch.randn(10, 1), 5, 3, 0.1)[2])
plt.show(block=True)
