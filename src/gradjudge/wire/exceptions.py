"""Names of library exceptions that a session may report, and Python's operators.

Both sides share these lists; the trusted side rejects any other name.
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
"""Exceptions of the standard library, torch and numpy, by the names under which one catches them."""

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
"""Operator to method name, without underscores and without the ``r`` of the reflected method."""
