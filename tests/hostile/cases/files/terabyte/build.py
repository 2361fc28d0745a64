def build(folder):
    for name in ("data.csv", "helper.py", "model.bin", "timestamp.txt", "core"):
        with (folder / name).open("wb") as stream:
            stream.truncate(1 << 40)
