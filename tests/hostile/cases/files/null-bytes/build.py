from hostile_cohort import right


def build(folder):
    (folder / "lab.py").write_bytes(right().encode().replace(b"return 2 * x\n", b"return 2 * x\0\n"))
