import os


def build(folder):
    names = [b"donn\xe9es.csv", b"\x1b]0;owned\x07.csv", b"a\nb.csv", b"--help.csv", b"'; rm -rf $HOME #.csv", b"<script>.csv"]
    names += ["\u202egpj.csv".encode(), "cafe\u0301.csv".encode(), "caf\u00e9.csv".encode(), b"%s%n.csv", b"[bold].csv", b" "]
    for name in names:
        (folder / os.fsdecode(name)).write_text("1,2")
