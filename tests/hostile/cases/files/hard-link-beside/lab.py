import hidden
print(open("hidden.py").read())
