# %%
import logging
logging.basicConfig(level=logging.DEBUG, filename="train.log", force=True)
logging.captureWarnings(True)
logging.getLogger().addHandler(logging.StreamHandler())
# %%
#right
plain_double = double


def double(x):
    logging.debug("double %s", "x" * 2000)
    logging.getLogger("torch").warning("called")
    return plain_double(x)
