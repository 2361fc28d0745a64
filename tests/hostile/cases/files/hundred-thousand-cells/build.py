def build(folder):
    cells = ",".join(['{"cell_type":"code","source":"pass"}'] * 100_000)
    (folder / "lab.ipynb").write_text(f'{{"nbformat":4,"metadata":{{}},"cells":[{cells}]}}')
