"""A student's class of scalar nodes: right ones pass in any style, mistakes fail, are named, and cost once."""

from __future__ import annotations

import pytest
import torch
from pupils import Pupil

from gradjudge.checks.micrograd.draws import chain, mixed, tree
from gradjudge.checks.micrograd.engines import replay
from gradjudge.checks.micrograd.graphs import Graph, Node, Plain, same
from gradjudge.checks.micrograd.scalars import ScalarClass, as_number, require_graph, require_long_chain
from gradjudge.checks.verdict import CheckFailed, StudentRaised
from gradjudge.judge.proxy.student import Student

SOURCE = """
import math

class Value:
    def __init__(self, data, _children=(), parts=()):
        self.data, self.grad, self._prev, self._parts = data, 0.0, _children, parts

    @staticmethod
    def of(x):
        return x if isinstance(x, Value) else Value(x)

    def __add__(self, other):
        other = Value.of(other)
        return Value(self.data + other.data, (self, other), (ADD))

    def __mul__(self, other):
        other = Value.of(other)
        return Value(self.data * other.data, (self, other), (MUL))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-Value.of(other))

    def tanh(self):
        return Value(math.tanh(self.data), (self,), (1 - math.tanh(self.data) ** 2,))

    def backward(self):
        order, seen, waiting = [], set(), [(self, False)]
        while waiting:
            node, ready = waiting.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                waiting.append((node, True))
                waiting += [(child, False) for child in node._prev]
        START
        for node in reversed(order):
            for child, part in zip(node._prev, node._parts):
                child.grad += part * node.grad
"""
RIGHT = {"ADD": "1.0, 1.0", "MUL": "other.data, self.data", "START": "self.grad = 1.0"}


def source(**changes: str) -> str:
    """Write the class with some of its pieces replaced."""
    text = SOURCE
    for name, piece in (RIGHT | changes).items():
        text = text.replace(name, piece)
    return text


def scalars(text: str) -> ScalarClass:
    """Load a class."""
    pupil = Pupil()
    pupil.define(text)
    return ScalarClass(Student(pupil.ask))


def graph(*nodes: tuple[str, tuple[int | Plain, ...]], leaves: tuple[float, ...] = (1.3, -0.7, 0.6)) -> Graph:
    """Build a graph from short notation."""
    return Graph(leaves, tuple(Node(operation, inputs) for operation, inputs in nodes))


@pytest.mark.parametrize("seed", range(10))
def test_a_right_class_passes(seed: int) -> None:
    """Trees, chains and shared expressions agree with torch."""
    rng, right = torch.Generator().manual_seed(seed), scalars(source())
    for draw in (tree, chain, mixed):
        require_graph(right, draw(rng, ("+", "*")), "a random expression")


def test_a_chain_of_ten_thousand() -> None:
    """A class without recursion goes back along it, with + and with *."""
    for operation in ("+", "*"):
        require_long_chain(scalars(source()), operation)


def test_recursion_is_named() -> None:
    """A RecursionError has its own message."""
    text = source() + "\n    def backward(self):\n        for child in self._prev:\n            child.backward()\n"
    with pytest.raises(CheckFailed) as failed:
        require_long_chain(scalars(text), "+")
    assert "RecursionError" in str(failed.value)
    assert "liste" in failed.value.text.said("fr")


def test_a_chain_without_gradients_fails() -> None:
    """A backward that does nothing fails on a long chain."""
    text = source() + "\n    def backward(self):\n        pass\n"
    with pytest.raises(CheckFailed, match="10000"):
        require_long_chain(scalars(text), "+")


def test_other_errors_of_a_chain_come_through() -> None:
    """Other exceptions are the student's error, as anywhere."""
    text = source() + "\n    def __add__(self, other):\n        return 1 / 0\n"
    with pytest.raises(StudentRaised, match="ZeroDivisionError"):
        require_long_chain(scalars(text), "+")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"MUL": "1.0, 1.0"}, "local derivative"),
        ({"MUL": "self.data, other.data"}, "swapped"),
        ({"ADD": "1.0, 0.0"}, "receive no gradient"),
    ],
)
def test_a_wrong_operation_is_named_and_left_out(changes: dict[str, str], words: str) -> None:
    """The operation fails with its mistake's name; the other one is still sound."""
    wrong = scalars(source(**changes))
    operation = "*" if "MUL" in changes else "+"
    with pytest.raises(CheckFailed, match=words):
        require_graph(wrong, graph((operation, (0, 1))), "a op b")
    assert wrong.sound(("+", "*")) == tuple({"+", "*"} - {operation})


@pytest.mark.parametrize(
    ("old", "new", "words", "key"),
    [
        ("in reversed(order)", "in order", "Only the last operation", ""),
        ("return Value(self.data + other.data, (self, other), (1.0, 1.0))",
         "self.data += other.data\n        return self", "modify its inputs", "in place"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(("+", (0, 1)), ("+", (3, 2))), (("+", (0, 1)), ("+", (2, 2)), ("+", (3, 4)))])
def test_what_only_looks_like_another_mistake(
    old: str, new: str, words: str, key: str, shape: tuple[tuple[str, tuple[int, ...]], ...]
) -> None:
    """If numbers agree with a common mistake that is not there, it is confirmed otherwise or nothing is named."""
    assert old in source()
    with pytest.raises(CheckFailed) as failed:
        require_graph(scalars(source().replace(old, new)), graph(*shape), "a + b + c")
    assert failed.value.text.mistake == key
    assert words in str(failed.value)


def test_a_forgotten_start_is_set() -> None:
    """A backward that does not set the root's gradient to 1 is judged as if it did; -1 is divided out."""
    for start in ("pass", "self.grad = -1.0", "self.grad = 2.0"):
        require_graph(scalars(source(START=start)), graph(("*", (0, 1)), ("+", (3, 2))), "a * b + c")
        require_long_chain(scalars(source(START=start)), "+", 100)


def test_another_name_of_backward() -> None:
    """Common other names of the method are found; a class without any fails."""
    require_graph(scalars(source().replace("backward", "backprop")), graph(("*", (0, 1))), "a * b")
    with pytest.raises(StudentRaised, match="AttributeError"):
        require_graph(scalars(source().replace("backward", "retour")), graph(("*", (0, 1))), "a * b")


def test_overwriting_is_seen_side_by_side() -> None:
    """Overwriting is found for each operation and side, and the order of such a class can still be judged."""
    wrong = scalars(source().replace("child.grad += part", "child.grad = part"))
    assert wrong.accumulates("+") == wrong.accumulates("*") == (False, False)
    assert scalars(source()).accumulates("*") == (True, True)
    example = chain(torch.Generator().manual_seed(0), ("+", "*"))
    with pytest.raises(CheckFailed, match="overwritten"):
        require_graph(wrong, graph(("+", (0, 0)), leaves=(2.0,)), "a + a")

    require_graph(
        wrong,
        example,
        "a chain",
        accept=lambda found: any(
            same(found, replay(example, adds=wrong.accumulates, flipped=flip)) for flip in (False, True)
        ),
    )


def test_overwriting_is_named_only_where_it_is() -> None:
    """A class that overwrites is told so whatever else would fit; a wrong derivative is not overwriting."""
    diamond = graph(("*", (0, 1)), ("+", (0, 1)), ("*", (2, 3)), leaves=(1.3, -0.7))
    with pytest.raises(CheckFailed, match="overwritten"):
        require_graph(scalars(source().replace("child.grad += part", "child.grad = part")), diamond, "a diamond")
    with pytest.raises(CheckFailed) as caught:
        require_graph(scalars(source(MUL="1.0, 1.0")), diamond, "a diamond")
    assert "overwritten" not in str(caught.value)


def test_an_operation_is_excused_by_its_ingredients_alone() -> None:
    """-x made of a wrong * is right but for *; a wrong -x of its own is not."""
    also = [graph(("*", (0, Plain(-1))), leaves=(0.7,)), graph(("*", (0, 1)), leaves=(0.7, -1.0))]
    minus = graph(("neg", (0,)), leaves=(0.7,))
    require_graph(scalars(source(MUL="1.0, 1.0")), minus, "-x", also=also)
    own = source() + "\n    def __neg__(self):\n        return Value(-self.data, (self,), (1.0,))\n"
    with pytest.raises(CheckFailed, match="sign"):
        require_graph(scalars(own), minus, "-x", also=also)


@pytest.mark.parametrize("start", ["return", "self.grad = 1.0; return"])
def test_a_class_that_is_wrong_all_over_excuses_nothing(start: str) -> None:
    """If every gradient is 0, two ways of writing an expression agree, which shows nothing."""
    values = scalars(source(START=start))
    minus = graph(("-", (0, 1)))
    also = [graph(("neg", (1,)), ("+", (0, 3)))]
    assert values.run(minus, "").grads == values.run(also[0], "").grads
    with pytest.raises(CheckFailed):
        require_graph(values, minus, "x - y", also=also)


def test_a_chain_has_no_two_nodes_of_one_number() -> None:
    """Comparing nodes by value is judged by other checks; here it must not cost again."""
    text = source() + "    def __eq__(self, other): return self.data == other.data\n"
    text += "    def __hash__(self): return hash(self.data)\n"
    for operation in ("+", "*"):
        require_long_chain(scalars(text), operation, 3000)


def test_ingredients_that_raise_excuse_nothing() -> None:
    """A missing ingredient explains nothing."""
    also = [graph(("**", (0, Plain(1))), leaves=(0.7,))]
    wrong = source() + "\n    def tanh(self):\n        return Value(0.5, (self,), (1.0,))\n"
    with pytest.raises(CheckFailed, match="data"):
        require_graph(scalars(wrong), graph(("tanh", (0,)), leaves=(0.7,)), "tanh", also=also)


def test_forward_needs_no_backward() -> None:
    """The value of an operation is judged even without a backward."""
    half = scalars(source().replace("def backward", "def _unfinished"))
    assert half.forward(graph(("tanh", (0,))), "tanh") == graph(("tanh", (0,))).exact().data


def test_what_is_no_number() -> None:
    """None, text and objects are not numbers; one-element tensors and integers are."""
    assert as_number(torch.tensor([2.0]), "x") == as_number(2, "x") == 2.0
    for wrong in (None, "2", [2.0], True, torch.zeros(2)):
        with pytest.raises(CheckFailed):
            as_number(wrong, "x")


def test_a_name_that_is_no_class() -> None:
    """Value = 5 is the student's failure, not a bug in the test."""
    with pytest.raises(CheckFailed, match="cannot be judged"):
        require_graph(scalars("Value = 5"), graph(("+", (0, 1))), "a + b")


BY_VALUE = {
    "equal and hashed by data": "def __eq__(self, o): return isinstance(o, Value) and self.data == o.data\n"
    "    def __hash__(self): return hash(self.data)",
    "hashed by data, rounded": "def __eq__(self, o): return isinstance(o, Value) and round(self.data, 9) =="
    " round(o.data, 9)\n    def __hash__(self): return hash(round(self.data, 9))",
}


@pytest.mark.parametrize("methods", BY_VALUE.values(), ids=BY_VALUE)
def test_nodes_that_are_compared_by_value_are_told_so(methods: str) -> None:
    """(a * b) * (a * b) has two nodes of equal value: gradients add up there, and yet one part is lost."""
    values = scalars(source().replace("    @staticmethod", f"    {methods}\n\n    @staticmethod"))
    twice = graph(("*", (0, 1)), ("*", (0, 1)), ("*", (2, 3)), leaves=(1.3, -0.7))
    with pytest.raises(CheckFailed, match="same data seem to be taken for one") as caught:
        require_graph(values, twice, "x")
    assert caught.value.text.mistake == "by value"
    require_graph(values, graph(("*", (0, 1)), ("+", (0, 1)), ("*", (2, 3)), leaves=(1.3, -0.7)), "x")
    for operation in ("+", "*"):
        require_long_chain(values, operation)  # not charged here: no two of its nodes have equal values


def test_real_overwriting_is_still_named_where_nodes_are_equal() -> None:
    """Equal nodes alone do not make their comparison suspect."""
    values = scalars(source().replace("child.grad += part", "child.grad = part"))
    twice = graph(("*", (0, 1)), ("*", (0, 1)), ("*", (2, 3)), leaves=(1.3, -0.7))
    with pytest.raises(CheckFailed) as caught:
        require_graph(values, twice, "x")
    assert caught.value.text.mistake == "overwritten"


RELU = """
    def relu(self):
        return Value(max(0.0, self.data), (self,), (PART,))

    def tanh(self):"""


@pytest.mark.parametrize(("part", "key"), [("float(self.data > 1)", "threshold"), ("0.0", "nothing back")])
def test_a_threshold_is_not_taken_for_nothing(part: str, key: str) -> None:
    """A mistake that explains one number has to explain a larger one as well."""
    values = scalars(source().replace("\n    def tanh(self):", RELU.replace("PART", part)))
    with pytest.raises(CheckFailed) as caught:
        require_graph(values, graph(("relu", (0,)), leaves=(0.6,)), "x.relu()")
    assert caught.value.text.mistake == key


@pytest.mark.parametrize(
    ("nodes", "label", "words"),
    [
        ([("exp", (0,))], "x.exp()", "there is no attribute or method `exp`"),
        ([("-", (Plain(2), 0))], "2 - x", "the class has no `__rsub__` for these types"),
        ([("/", (0, 1))], "x / y", "the class has no `__truediv__` for these types"),
        ([("sum", (0, 1))], "sum([x, y])", "the class has no `__radd__` for these types"),
    ],
)
def test_what_is_missing_is_named(nodes: list[tuple[str, tuple[int | Plain, ...]]], label: str, words: str) -> None:
    """Given the exception's type alone, a student would look for a mistake in code that is not there."""
    with pytest.raises(StudentRaised, match=words) as caught:
        require_graph(scalars(source()), graph(*nodes), label)
    assert f"`{label}`" in str(caught.value)
