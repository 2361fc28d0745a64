"""Messages for the common mistakes in hand-written scalar autograd engines."""

from __future__ import annotations

from typing import Final

from gradjudge.text import Text

WORDS: Final = {
    "zero": Text(
        "The gradients are 0: does each operation give its result a _backward, and does backward() call them all?",
        mistake="nothing back",
    ),
    "unreached": Text(
        "Only the last operation sends its gradient back: does each value keep those it comes from, and does"
        " backward() start at the result?"
    ),
    "nothing": Text(
        "One operation seems to send nothing back: does it give its result a _backward?", mistake="nothing back"
    ),
    "overwritten": Text("A gradient seems to be overwritten: gradients add up (+=, not =).", mistake="overwritten"),
    "twice": Text(
        "A node seems to be visited more than once: keep track of the nodes already visited.", mistake="visited twice"
    ),
    "early": Text(
        "A node seems to be visited before all the nodes that use it: the order must be topological.",
        mistake="visited early",
    ),
    "sign": Text("It has the wrong sign.", mistake="sign"),
    "one": Text("A local derivative seems to be missing (taken as 1).", mistake="local derivative"),
    "half": Text("One operand of an operation seems to receive no gradient.", mistake="one side"),
    "one_sign": Text("The gradient of one operand seems to have the wrong sign.", mistake="sign of one side"),
    "swapped": Text("The gradients of the two operands of an operation seem to be swapped.", mistake="sides exchanged"),
    "inputs": Text("An operation seems to modify its inputs: create a new node for its result.", mistake="in place"),
    "by_value": Text(
        "Two nodes with the same data seem to be taken for one: tell nodes apart by identity (is), not by data.",
        mistake="by value",
    ),
    "threshold": Text(
        "For larger numbers it is right: the derivative of relu changes at 0 and nowhere else.", mistake="threshold"
    ),
    "power": Text("The derivative of a power seems to be wrong: that of x ** k is k * x ** (k - 1).", mistake="power"),
    "divisor": Text(
        "The derivative of a quotient with respect to its divisor seems to lack a square.", mistake="power"
    ),
    "at_input": Text(
        "A derivative seems to use the input where it needs the value of the function.", mistake="at input"
    ),
    "start": Text(
        "The gradient that comes from the rest of the graph (out.grad) seems to be left out.", mistake="grad_output"
    ),
}
"""The sentence for each mistake, after "a gradient is wrong"."""

LOCAL: Final = ("zero", "nothing", "sign", "one", "half", "one_sign", "swapped")
"""Mistakes that show in an operation on its own: if each is right on its own, these are ruled out."""
