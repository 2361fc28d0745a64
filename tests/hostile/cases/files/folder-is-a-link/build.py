def build(folder):
    folder.rmdir()
    folder.symlink_to("../a-neighbour/lab")
