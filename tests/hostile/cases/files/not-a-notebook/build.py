def build(folder):
    (folder / "lab.ipynb").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
