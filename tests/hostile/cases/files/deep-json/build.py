def build(folder):
    deep = "[" * 100_000 + "]" * 100_000
    cell = f'{{"cell_type":"code","source":"double = 1","metadata":{{"a":{deep}}},"outputs":{deep}}}'
    (folder / "lab.ipynb").write_text(f'{{"nbformat":4,"metadata":{{"a":{deep}}},"cells":[{cell}]}}')
