#right
