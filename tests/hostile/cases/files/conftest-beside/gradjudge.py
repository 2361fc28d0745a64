def require(*_):
    return None
