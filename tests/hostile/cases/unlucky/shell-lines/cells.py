# %%
%%bash
apt-get install -y graphviz
echo done
# %%
%load_ext autoreload
%autoreload 2
%load_ext tensorboard
%tensorboard --logdir runs
names = !ls *.csv
%config InlineBackend.figure_format = "retina"
%env CUDA_LAUNCH_BLOCKING=1
# %%
%%time
#right
# %%
%%html
<h1>Results</h1>
# %%
%timeit -n 1 -r 1 double(3)
double?
