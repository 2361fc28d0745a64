# %%
#right
# %%
list = [1.0, 2.0]
sum = 0
len = 3
for i in list:
    sum += i
