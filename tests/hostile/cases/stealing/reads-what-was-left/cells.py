# %%
#right
# %%
import tempfile
import os

def look(folder, depth=3):
    """Print whatever can be read below a folder."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        return [type(error).__name__]
    found = []
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path) and depth:
            found += look(path, depth - 1)
        else:
            try:
                found.append((path, open(path, "rb").read(2_000)))
            except OSError:
                pass
    return found

seen = []
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "/root", "@HOME@", "..", "../..", tempfile.gettempdir()):
    seen += [found for found in look(folder) if isinstance(found, tuple)]
own = [os.path.basename(path) for path, _ in seen if os.path.abspath(path).startswith(os.getcwd() + os.sep)]
print(seen)
if len(own) < len(seen):
    raise RuntimeError("others have left something")
