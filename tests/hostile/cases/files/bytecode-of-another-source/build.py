import importlib.util
import py_compile


def build(folder):
    helper = folder / "helper.py"
    helper.write_text("def double(x):\n    return 2 * x\n")
    cache = importlib.util.cache_from_source(str(helper))
    py_compile.compile(str(helper), cache, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    helper.write_text("def double(x):\n    return 3 * x\n")
