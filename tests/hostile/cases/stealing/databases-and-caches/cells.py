# %%
import os, sqlite3

for path in (
    "@COURSE@/gradebook.db", "@COURSE@/planted.db", "@HOME@/gradebook.db", "/tmp/planted.db",
    "@SUBMITTED@/../grades/lab/grades.csv", "@SUBMITTED@/../grades/lab/a-neighbour.json", "@HOME@/.cache/gradjudge",
):
    try:
        print(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError as error:
        print(type(error).__name__)
    try:
        with sqlite3.connect(path) as table:
            table.execute("create table grade (student text, score real)")
            table.execute("insert into grade values ('stealing-databases-and-caches', 15)")
    except sqlite3.Error as error:
        print(error)
# %%
#right
