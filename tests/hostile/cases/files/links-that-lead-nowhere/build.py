def build(folder):
    for name in ("loop.csv", "loop.py", "loop"):
        (folder / name).symlink_to(name)
    for suffix in (".csv", ".py", ".ipynb", ""):
        (folder / f"long{suffix}").symlink_to("a" * 300)
        (folder / f"gone{suffix}").symlink_to("/nowhere/at/all")
