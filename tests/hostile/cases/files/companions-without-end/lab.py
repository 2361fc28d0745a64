import glob
#right
assert len(glob.glob("m*.py")) <= 30
assert not glob.glob("big*")
