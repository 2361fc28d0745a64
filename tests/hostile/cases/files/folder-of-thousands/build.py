def build(folder):
    for number in range(2000):
        (folder / f"aaa{number}.py").touch()
