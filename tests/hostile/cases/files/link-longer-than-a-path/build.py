def build(folder):
    (folder / "lab.ipynb").symlink_to("a" * 300)
