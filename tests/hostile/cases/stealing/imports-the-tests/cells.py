# %%
import importlib, importlib.util, pkgutil, runpy, sys
sys.path[:0] = ["@COURSE@/autograder/lab", "@COURSE@/solutions", "@COURSE@", "@SUBMITTED@/a-neighbour/lab"]
for name in ("test_lab", "lab", "autograder.lab.test_lab", "solutions.lab", "conftest"):
    try:
        print(importlib.import_module(name).CANARY)
    except Exception as error:
        print(error)
for path in ("@COURSE@/autograder/lab/test_lab.py", "@COURSE@/solutions/lab.py"):
    try:
        spec = importlib.util.spec_from_file_location("taken", path)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except Exception as error:
        print(error)
    try:
        print(runpy.run_path(path)["CANARY"])
    except Exception as error:
        print(error)
print([module.name for module in pkgutil.iter_modules() if "test_lab" in module.name])
# %%
#right
