"""What is said of the usual mistakes of hand-written engines of scalar autograd."""

from __future__ import annotations

from typing import Final

from gradjudge.text import Text

WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "zero": (
        "The gradients are 0: does each operation give its result a _backward, and does backward() call them all?",
        "Les gradients valent 0 : chaque opération donne-t-elle un _backward à son résultat, et backward() les"
        " appelle-t-il tous ?",
        "nothing back",
    ),
    "unreached": (
        "Only the last operation sends its gradient back: does each value keep those it comes from, and does"
        " backward() start at the result?",
        "Seule la dernière opération renvoie son gradient : chaque valeur garde-t-elle celles dont elle vient, et"
        " backward() part-il du résultat ?",
        "",
    ),
    "nothing": (
        "One operation seems to send nothing back: does it give its result a _backward?",
        "Une opération semble ne rien renvoyer : donne-t-elle un _backward à son résultat ?",
        "nothing back",
    ),
    "overwritten": (
        "A gradient seems to be overwritten: gradients add up (+=, not =).",
        "Un gradient semble écrasé : les gradients s'ajoutent (+=, et non =).",
        "overwritten",
    ),
    "twice": (
        "A node seems to be visited more than once: keep track of the nodes already visited.",
        "Un nœud semble visité plusieurs fois : retenez les nœuds déjà visités.",
        "visited twice",
    ),
    "early": (
        "A node seems to be visited before all the nodes that use it: the order must be topological.",
        "Un nœud semble visité avant d'autres qui l'utilisent : l'ordre doit être topologique.",
        "visited early",
    ),
    "sign": ("It has the wrong sign.", "Il a le mauvais signe.", "sign"),
    "one": (
        "A local derivative seems to be missing (taken as 1).",
        "Une dérivée locale semble oubliée (prise égale à 1).",
        "local derivative",
    ),
    "half": (
        "One operand of an operation seems to receive no gradient.",
        "Un opérande d'une opération ne semble recevoir aucun gradient.",
        "one side",
    ),
    "one_sign": (
        "The gradient of one operand seems to have the wrong sign.",
        "Le gradient d'un opérande semble avoir le mauvais signe.",
        "sign of one side",
    ),
    "swapped": (
        "The gradients of the two operands of an operation seem to be swapped.",
        "Les gradients des deux opérandes d'une opération semblent échangés.",
        "sides exchanged",
    ),
    "inputs": (
        "An operation seems to modify its inputs: create a new node for its result.",
        "Une opération semble modifier ses entrées : créez un nouveau nœud pour son résultat.",
        "in place",
    ),
    "by_value": (
        "Two nodes with the same data seem to be taken for one: tell nodes apart by identity (is), not by data.",
        "Deux nœuds de même data semblent pris pour un seul : distinguez les nœuds par leur identité (is),"
        " pas par leur data.",
        "by value",
    ),
    "threshold": (
        "For larger numbers it is right: the derivative of relu changes at 0 and nowhere else.",
        "Pour des nombres plus grands il est juste : la dérivée de relu change en 0 et nulle part ailleurs.",
        "threshold",
    ),
    "power": (
        "The derivative of a power seems to be wrong: that of x ** k is k * x ** (k - 1).",
        "La dérivée d'une puissance semble fausse : celle de x ** k est k * x ** (k - 1).",
        "power",
    ),
    "divisor": (
        "The derivative of a quotient with respect to its divisor seems to lack a square.",
        "Il semble manquer un carré dans la dérivée d'un quotient par rapport à son diviseur.",
        "power",
    ),
    "at_input": (
        "A derivative seems to use the input where it needs the value of the function.",
        "Une dérivée semble écrite avec l'entrée là où il faut la valeur de la fonction.",
        "at input",
    ),
    "start": (
        "The gradient that comes from the rest of the graph (out.grad) seems to be left out.",
        "Le gradient qui vient de la suite du graphe (out.grad) semble oublié.",
        "grad_output",
    ),
}
"""What is said of each mistake, in English and in French, after "a gradient is wrong", and its key."""

LOCAL: Final = ("zero", "nothing", "sign", "one", "half", "one_sign", "swapped")
"""Mistakes that show in an operation that stands alone: where those are right, they are not what is wrong."""


def mistake(name: str) -> Text:
    """Give the words for a mistake."""
    return Text.own(*WORDS[name])
