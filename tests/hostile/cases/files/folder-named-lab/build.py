def build(folder):
    for name in ("lab.py", "LAB.ipynb", "torch", "data.csv", "-rf", ".git"):
        (folder / name).mkdir()
    (folder / "torch/__init__.py").write_text("raise SystemExit(0)")
    (folder / "lab.py/__init__.py").write_text("double = None")
