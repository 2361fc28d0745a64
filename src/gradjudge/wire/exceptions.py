"""Exception classes of the standard library, of torch and of numpy whose names may be told, and Python's operators.

Both sides know these lists: what a session says beyond them is not believed.
"""

from __future__ import annotations

from typing import Final

KNOWN: Final = frozenset(
    {
        *("asyncio.CancelledError", "asyncio.InvalidStateError", "asyncio.QueueEmpty", "binascii.Error"),
        *("configparser.Error", "copy.Error", "csv.Error", "ctypes.ArgumentError", "dataclasses.FrozenInstanceError"),
        *("decimal.DivisionByZero", "decimal.InvalidOperation", "graphlib.CycleError", "http.client.HTTPException"),
        *("json.JSONDecodeError", "locale.Error", "multiprocessing.ProcessError"),
        *("numpy.exceptions.AxisError", "numpy.linalg.LinAlgError", "pickle.PickleError", "pickle.PicklingError"),
        *("pickle.UnpicklingError", "queue.Empty", "queue.Full", "re.error", "shutil.Error", "shutil.SameFileError"),
        *("socket.gaierror", "sqlite3.Error", "sqlite3.OperationalError", "ssl.SSLError", "statistics.StatisticsError"),
        *("struct.error", "subprocess.CalledProcessError", "subprocess.TimeoutExpired", "tarfile.ReadError"),
        *("tarfile.TarError", "tokenize.TokenError", "torch.autograd.gradcheck.GradcheckError"),
        *("torch.cuda.DeferredCudaCallError", "torch.cuda.OutOfMemoryError", "torch.linalg.LinAlgError"),
        *("unittest.SkipTest", "urllib.error.HTTPError", "urllib.error.URLError", "uuid.Error"),
        *("xml.etree.ElementTree.ParseError", "zipfile.BadZipFile", "zipfile.LargeZipFile", "zlib.error"),
    }
)
"""Public names, as one would catch them."""

OPERATORS: Final = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "@": "matmul",
}
"""What a class calls the method of an operator, without underscores and the ``r`` of the right side."""
