# %%
import os
folders = ["/tmp", "/dev/shm", "@HOME@", "@HOME@/.cache", "@HOME@/.config/matplotlib", "@COURSE@", "@COURSE@/autograder/lab"]
folders += ["@COURSE@/autograder/lab/__pycache__", "@SUBMITTED@/a-neighbour/lab", "..", "../..", os.path.expanduser("~")]
for folder in folders:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        pass
    for name in ("planted.py", "planted-conftest.py", "planted.cpython-311.pyc"):
        try:
            with open(os.path.join(folder, name), "w") as stream:
                stream.write("left")
        except OSError as error:
            print(error)
open("planted-in-its-own-folder", "w").write("left")
# %%
#right
