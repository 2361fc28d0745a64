# %%
#right
# %%
import os, sys
os.environ.update(PYTHONSTARTUP="planted.py", PYTHONPATH=os.getcwd(), LD_PRELOAD="planted.so", PYTEST_ADDOPTS="-x")
os.environ.update(PYTHONINSPECT="1", GRADING_TOKEN="mine", HOME="/", TMPDIR="/")
for folder in (*sys.path, sys.prefix, sys.base_prefix, "/etc", "/usr/local/bin"):
    for name in ("planted.pth", "planted.py", "__pycache__/planted.pyc"):
        try:
            open(os.path.join(folder, name), "w").write("# planted")
        except OSError:
            continue
        assert folder == os.getcwd(), folder
