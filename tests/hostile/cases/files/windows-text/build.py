from hostile_cohort import right


def build(folder):
    text = right().replace("\n", "\r\n").replace("def follow", "\x0cdef follow") + "print('a')\rprint('b')\r\n\x1a"
    (folder / "lab.py").write_bytes(b"\xef\xbb\xbf" + text.encode())
