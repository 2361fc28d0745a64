#!/usr/bin/env python
# coding: utf-8

# In[1]:

get_ipython().run_line_magic("matplotlib", "inline")
get_ipython().system("pip install torch")

# In[2]:

#right

# In[3]:

get_ipython().run_cell_magic("time", "", "double(3)\n")
