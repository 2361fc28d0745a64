# %%
#right
# %%
import os, shutil
for folder in ("@COURSE@", "@COURSE@/autograder/lab", "@COURSE@/solutions", "@SUBMITTED@", "@SUBMITTED@/../grades", "@HOME@"):
    for act in (
        lambda: open(f"{folder}/planted_conftest.py", "w").write("# planted"),
        lambda: os.mkdir(f"{folder}/planted"),
        lambda: os.symlink("/", f"{folder}/planted-link"),
        lambda: os.rename(folder, f"{folder}-planted"),
        lambda: [open(f"{folder}/{name}", "a") for name in ("grading.toml", "test_lab.py", "lab.py", "grades.csv")],
    ):
        try:
            act()
        except OSError as error:
            print(error.errno)
