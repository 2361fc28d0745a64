"""What is said of the usual mistakes of hand-written engines of scalar autograd."""

from __future__ import annotations

from typing import Final

from gradjudge.proxy.failures import Text

WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "zero": (
        "The gradients are 0: does each operation give its result a _backward, and does backward() call them all?",
        "Les gradients valent 0 : chaque opération donne-t-elle un _backward à son résultat, et backward() les"
        " appelle-t-il tous ?",
        "nothing back",
    ),
    "unreached": (
        "Only the last operation sends its gradient back: is it noted what each value comes from, and visited first?",
        "Seule la dernière opération renvoie son gradient : note-t-on d'où vient chaque valeur, et la visite-t-on"
        " d'abord ?",
        "",
    ),
    "nothing": (
        "It looks as if one operation sent nothing back: does it give its result a _backward?",
        "Il semble qu'une opération ne renvoie rien : donne-t-elle un _backward à son résultat ?",
        "nothing back",
    ),
    "overwritten": (
        "It looks as if a gradient were overwritten: gradients add up (+=, not =).",
        "Il semble qu'un gradient soit écrasé : les gradients s'ajoutent (+=, et non =).",
        "overwritten",
    ),
    "twice": (
        "It looks as if a node were visited more than once: note which nodes you have seen.",
        "Il semble qu'un nœud soit visité plusieurs fois : notez les nœuds déjà vus.",
        "visited twice",
    ),
    "early": (
        "It looks as if a node were visited before all that use it: the order must be topological.",
        "Il semble qu'un nœud soit visité avant tous ceux qui l'utilisent : l'ordre doit être topologique.",
        "visited early",
    ),
    "sign": ("It has the wrong sign.", "Il a le mauvais signe.", "sign"),
    "one": (
        "It looks as if a local derivative were forgotten (taken as 1).",
        "Il semble qu'une dérivée locale soit oubliée (prise égale à 1).",
        "local derivative",
    ),
    "half": (
        "It looks as if one side of an operation sent nothing back.",
        "Il semble qu'un côté d'une opération ne renvoie rien.",
        "one side",
    ),
    "one_sign": (
        "It looks as if one side of an operation had the wrong sign.",
        "Il semble qu'un côté d'une opération ait le mauvais signe.",
        "sign of one side",
    ),
    "swapped": (
        "It looks as if the two sides of an operation were exchanged.",
        "Il semble que les deux côtés d'une opération soient échangés.",
        "sides exchanged",
    ),
    "inputs": (
        "It looks as if an operation changed its inputs: make a new node for its result.",
        "Il semble qu'une opération modifie ses entrées : créez un nouveau nœud pour son résultat.",
        "in place",
    ),
    "by_value": (
        "It looks as if two nodes with the same number were taken for one: tell nodes apart by identity, not by data.",
        "Il semble que deux nœuds de même valeur soient pris pour un seul : distinguez les nœuds par leur identité,"
        " pas par leur data.",
        "by value",
    ),
    "threshold": (
        "For larger numbers it is right: the derivative of relu changes at 0 and nowhere else.",
        "Pour des nombres plus grands il est juste : la dérivée de relu change en 0 et nulle part ailleurs.",
        "threshold",
    ),
    "power": (
        "It looks as if the derivative of a power were wrong: that of x ** k is k * x ** (k - 1).",
        "Il semble que la dérivée d'une puissance soit fausse : celle de x ** k est k * x ** (k - 1).",
        "power",
    ),
    "divisor": (
        "It looks as if the square were missing in the derivative of a quotient by its divisor.",
        "Il semble que le carré manque dans la dérivée d'un quotient par rapport à son diviseur.",
        "power",
    ),
    "at_input": (
        "It looks as if a derivative were written with the input where the value of the function is due.",
        "Il semble qu'une dérivée soit écrite avec l'entrée là où il faut la valeur de la fonction.",
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
    return Text(*WORDS[name])
