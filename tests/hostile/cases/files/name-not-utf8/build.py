import os

from hostile_cohort import right


def build(folder):
    (folder / os.fsdecode(b"r\xe9ponses.py")).write_text(right())
