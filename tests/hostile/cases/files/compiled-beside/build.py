import importlib.util
import py_compile

from hostile_cohort import right


def build(folder):
    source = folder / "answers.py"
    source.write_text(right())
    for compiled in (str(folder / "answers.pyc"), importlib.util.cache_from_source(str(source))):
        py_compile.compile(str(source), cfile=compiled, doraise=True)
    source.unlink()
    (folder / "native.so").write_bytes(b"\x7fELF\2\1\1" + bytes(500))
