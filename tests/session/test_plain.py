"""Values of objects that are not what they seem: read by the base type's own methods, or left in the session."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pupils import Pupil

from gradjudge.wire.messages import Answer, Get, Handle, Pass, Passes, PassesDone, Raised, Ref, Set
from gradjudge.wire.values import encode


def fetch(pupil: Pupil, source: str) -> Any:
    """Return the value of `x` after running `source`; it must be fit to be sent."""
    pupil.define("import collections, enum, numpy as np, torch\n" + source)
    answer = pupil.ask(Get(Ref("x")))
    assert isinstance(answer, Answer), answer
    encode(answer)
    return answer.value


LIES: dict[str, tuple[str, Any]] = {
    "a float": ("class F(float):\n  def __float__(s): return 0.0\n  def __eq__(s, o): return True\nx = F(2.5)", 2.5),
    "an int": ("class I(int):\n  def __int__(s): return 0\n  def __index__(s): return 0\nx = I(3)", 3),
    "an enum": ("class E(enum.IntEnum):\n  A = 4\nx = E.A", 4),
    "a str": ("class S(str):\n  def __str__(s): return 'lie'\n  def encode(s): return b'lie'\nx = S('true')", "true"),
    "bytes": ("class B(bytes):\n  def __bytes__(s): return b'lie'\nx = B(b'true')", b"true"),
    "a bytearray": ("x = bytearray(b'ab')", b"ab"),
    "a list": (
        "class L(list):\n  def __iter__(s): return iter([9])\n  def __len__(s): return 1\nx = L([1, 2])",
        [1, 2],
    ),
    "a tuple": ("class T(tuple):\n  def __iter__(s): return iter([9])\nx = T([1, 2])", (1, 2)),
    "a dict": ("class D(dict):\n  def items(s): return [('k', 9)]\nx = D(a=1)", {"a": 1}),
    "an OrderedDict": ("x = collections.OrderedDict(a=1, b=2)", {"a": 1, "b": 2}),
    "a defaultdict": ("x = collections.defaultdict(list, a=[1])", {"a": [1]}),
    "a named tuple": ("x = collections.namedtuple('P', 'a b')(1, 2)", (1, 2)),
    "a Size": ("x = torch.ones(2, 3).shape", (2, 3)),
    "a numpy float": ("x = np.float64(1.5)", 1.5),
    "a numpy float of 32 bits": ("x = np.float32(1.5)", 1.5),
    "a numpy int": ("x = np.int64(-7)", -7),
    "a numpy bool": ("x = np.bool_(True)", True),
    "a numpy str": ("x = np.str_('s')", "s"),
    "half a surrogate pair": ("x = 'a\\ud800'", "a?"),
    "values inside": ("x = [np.float64(1), (np.int32(2), {'k': np.bool_(False)})]", [1.0, (2, {"k": False})]),
    "keys": ("x = {np.int64(1): 2, np.str_('a'): 3}", {1: 2, "a": 3}),
}


@pytest.mark.parametrize("name", LIES)
def test_a_subclass_is_read_as_what_it_is(pupil: Pupil, name: str) -> None:
    """No method of the student's is asked what the value is; the result is of an exact builtin type."""
    source, true = LIES[name]
    value = fetch(pupil, source)
    assert type(value) is type(true)
    assert value == true


@pytest.mark.parametrize(
    "source",
    [
        "x = 1j",
        "x = 1 << 63",
        "x = {1, 2}",
        "x = range(3)",
        "x = {(1, 2): 3}",
        "x = {True: 1}",
        "x = np.datetime64('2020-01-01')",
        "x = np.array(['a'], dtype=object)",
        "x = np.complex128(1j)",
        "x = torch.ones(2, device='meta')",
        "x = torch.ones(2).to(torch.float8_e4m3fn)",
        "x = torch.float32",
        "class A:\n  def __float__(s): return 1.0\n  def __array__(s, *a): return np.ones(2)\nx = A()",
        "class A:\n  __class__ = float\nx = A()",
        "class A:\n  @property\n  def __class__(s): raise SystemExit\nx = A()",
    ],
)
def test_what_has_no_value_stays_in_the_session(pupil: Pupil, source: str) -> None:
    """Other objects get a handle, whatever they could be turned into."""
    assert isinstance(fetch(pupil, source), Handle)


def test_lists_of_objects_are_lists_of_handles(pupil: Pupil) -> None:
    """A container is a value even if its parts are not."""
    layers = fetch(pupil, "x = [torch.nn.ReLU(), 1, {'a': object()}]")
    assert [type(layer) for layer in layers] == [Handle, int, dict]
    assert layers[0].kind == "module"
    assert isinstance(layers[2]["a"], Handle)


SUBCLASS = """
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): return torch.zeros(1)
    shape = (7,)
    dtype = torch.int8
    grad_fn = None
    requires_grad = False
    def numel(self): return 0
    def detach(self): return torch.zeros(1)
    def __eq__(self, other): return True
"""
TENSORS: dict[str, tuple[str, torch.Tensor]] = {
    "a Parameter": ("x = torch.nn.Parameter(torch.ones(2))", torch.ones(2)),
    "a tensor that requires grad": ("x = torch.ones(2, requires_grad=True) * 2", torch.full((2,), 2.0)),
    "a transposed one": ("x = torch.arange(6.).reshape(2, 3).T", torch.arange(6.0).reshape(2, 3).T),
    "an expanded one": ("x = torch.ones(1).expand(4)", torch.ones(4)),
    "a conjugate": ("x = torch.tensor([1+2j]).conj()", torch.tensor([1 - 2j])),
    "a pending sign": ("x = torch.tensor([1+2j]).conj().imag", torch.tensor([-2.0])),
    "a sparse one": ("x = torch.eye(2).to_sparse()", torch.eye(2)),
    "a compressed one": ("x = torch.eye(2).mul(3).to_sparse().coalesce()", torch.eye(2) * 3),
    "a subclass": (SUBCLASS + "x = torch.ones(3).as_subclass(Lie)", torch.ones(3)),
    "a buffer": ("x = torch.nn.Buffer(torch.ones(2))", torch.ones(2)),
    "an array": ("x = np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1]", torch.tensor([[2.0, 1, 0], [5, 4, 3]])),
    "a big-endian array": ("x = np.array([1.5], dtype='>f8').astype('<f8')", torch.tensor([1.5], dtype=torch.float64)),
    "an array subclass": (
        "class A(np.ndarray):\n  def __array_finalize__(s, o): pass\n  shape = (9,)\nx = np.ones(2).view(A)",
        torch.ones(2, dtype=torch.float64),
    ),
}


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_of_any_kind_becomes_a_plain_one(pupil: Pupil, name: str) -> None:
    """Parameters, views, subclasses, sparse and pending ones, and arrays, come out dense, detached and plain."""
    source, true = TENSORS[name]
    value = fetch(pupil, source)
    assert type(value) is torch.Tensor
    assert value.layout is torch.strided
    assert not value.requires_grad
    assert value.dtype == true.dtype
    assert torch.equal(value, true)


def test_a_wrapper_without_a_tensor_stays_in_the_session(pupil: Pupil) -> None:
    """A subclass that only pretends to have storage is left alone."""
    source = (
        "class W(torch.Tensor):\n  @staticmethod\n  def __new__(cls):\n"
        "    return torch.Tensor._make_wrapper_subclass(cls, (3,))\n"
        "  @classmethod\n  def __torch_dispatch__(cls, func, types, args=(), kwargs=None): raise SystemError\n"
        "x = W()"
    )
    pupil.define("import torch\n" + source)
    answer = pupil.ask(Get(Ref("x")))
    assert isinstance(answer, Raised) or isinstance(getattr(answer, "value", None), Handle)


def test_a_lying_subclass_cannot_hide_its_graph(pupil: Pupil) -> None:
    """grad_fn is what autograd knows, not what the tensor says."""
    pupil.define("import torch\n" + SUBCLASS + "def f(t): return torch.Tensor.mul(t, 2).as_subclass(Lie)")
    done = pupil.ask(Passes(Ref("f"), (Pass((torch.ones(3),)),), "call"))
    assert isinstance(done, PassesDone)
    (result,) = done.results
    assert torch.equal(result.outputs[0], torch.full((3,), 2.0))
    assert result.grad_fns == ("AliasBackward0",)


def test_numbers_that_are_none_cross(pupil: Pupil) -> None:
    """NaN and infinities are values; to judge them is not the session's business."""
    nan, *infinities = fetch(pupil, "x = [float('nan'), float('inf'), -float('inf'), np.float64('nan')]")
    assert math.isnan(nan)
    assert infinities[:2] == [math.inf, -math.inf]


def test_what_is_sent_back_is_the_same_kind(pupil: Pupil) -> None:
    """A value that is set and fetched again is the same."""
    sent = {"a": [1, (2.5, None)], 3: torch.ones(2, dtype=torch.bfloat16)}
    pupil.ask(Set(Ref("x"), sent))
    answer = pupil.ask(Get(Ref("x")))
    assert isinstance(answer, Answer)
    assert answer.value["a"] == sent["a"]
    assert torch.equal(answer.value[3], torch.ones(2, dtype=torch.bfloat16))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8, np.uint8, np.bool_, np.complex64])
def test_arrays_keep_their_dtype(pupil: Pupil, dtype: Any) -> None:
    """A numpy array becomes a tensor of the same dtype, with memory of its own."""
    pupil.namespace.names["x"] = array = np.ones(3, dtype=dtype)
    answer = pupil.ask(Get(Ref("x")))
    assert isinstance(answer, Answer)
    assert answer.value.numpy().dtype == array.dtype
    array[0] = 0
    assert answer.value[0] == 1


@pytest.mark.parametrize(
    "source",
    [
        "import warnings\nwith warnings.catch_warnings():\n  warnings.simplefilter('ignore')\n"
        "  x = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])",
        "x = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)",
        "x = torch._to_functional_tensor(torch.ones(3))",
        "k = []\ntorch.func.vmap(lambda t: k.append(t) or t)(torch.ones(3, 2))\nx = k[0]",
        "x = torch.ones(3, device='meta')",
    ],
)
def test_a_tensor_without_memory_of_its_own_is_a_handle(pupil: Pupil, source: str) -> None:
    """Nested, wrapped and pending tensors look like ordinary ones, and cannot be read: they stay where they are."""
    assert type(fetch(pupil, source)) is Handle
