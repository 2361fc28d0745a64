def build(folder):
    for number in range(60):
        (folder / f"m{number:02}.py").write_text("x = 1")
    for number in range(3):
        with (folder / f"big{number}.npy").open("wb") as stream:
            stream.truncate(9 << 20)
