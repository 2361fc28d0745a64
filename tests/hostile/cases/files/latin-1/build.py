from hostile_cohort import right


def build(folder):
    text = f"# -*- coding: latin-1 -*-\nchaîne = 'déjà vu'\nassert len(chaîne) == 7\nfrom modèle import été\n{right()}"
    (folder / "lab.py").write_bytes(text.encode("latin-1"))
    (folder / "modèle.py").write_bytes("# coding: latin-1\nété = 'été'\n".encode("latin-1"))
