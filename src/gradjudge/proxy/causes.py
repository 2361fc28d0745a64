"""What is said of the causes that a session may name: a closed list, so no text of the student's process is in it."""

from __future__ import annotations

from typing import Final

_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "arguments": (
        "the arguments of a call do not match its parameters",
        "les arguments d'un appel ne correspondent pas à ses paramètres",
        "",
    ),
    "attribute": ("an attribute or a method is missing", "il manque un attribut ou une méthode", ""),
    "bool": (
        "a condition (`if`, `and`, `or`) needs one truth value, and a whole tensor is given",
        "une condition (`if`, `and`, `or`) attend une seule valeur de vérité, et reçoit un tenseur entier",
        "",
    ),
    "broadcast": (
        "the shapes of two tensors do not match in an element-wise operation (`+`, `-`, `*`, `/`)",
        "les formes de deux tenseurs sont incompatibles dans une opération élément par élément (`+`, `-`, `*`, `/`)",
        "",
    ),
    "callable": (
        "something that is called there is not a function",
        "ce qui est appelé là n'est pas une fonction",
        "",
    ),
    "device": ("tensors on different devices are combined", "des tenseurs de périphériques différents se mêlent", ""),
    "dirty": (
        "an input that is passed to `mark_dirty` must also be returned",
        "une entrée donnée à `mark_dirty` doit aussi être renvoyée",
        "",
    ),
    "dtype": (
        "tensors of different dtypes are combined (float32 and float64, say); use the dtype of the inputs",
        "des tenseurs de types différents se mêlent (float32 et float64, par exemple) ; gardez le type des entrées",
        "dtype",
    ),
    "gpu": (
        "there is no GPU here; choose the device with `torch.cuda.is_available()`",
        "il n'y a pas de GPU ici ; choisissez le périphérique avec `torch.cuda.is_available()`",
        "",
    ),
    "gradient count": (
        "`backward` must return a tuple with one gradient for each input of `forward` (a list counts as one value)",
        "`backward` doit renvoyer un tuple avec un gradient par entrée de `forward` (une liste compte pour une valeur)",
        "",
    ),
    "gradient kind": (
        "`backward` returns something else than a tensor or None as a gradient",
        "`backward` renvoie comme gradient autre chose qu'un tenseur ou None",
        "",
    ),
    "gradient shape": (
        "a gradient does not have the shape of its input",
        "un gradient n'a pas la forme de son entrée",
        "",
    ),
    "import": ("a name cannot be imported", "un nom ne peut pas être importé", ""),
    "in place": (
        "an input is returned as it is; return a new tensor",
        "une entrée est renvoyée telle quelle ; renvoyez un nouveau tenseur",
        "",
    ),
    "keyword": (
        "it is called with an argument that it does not have",
        "l'appel donne un argument qui n'est pas prévu",
        "",
    ),
    "leaf": (
        "a tensor that requires grad is modified in place; compute a new tensor instead",
        "un tenseur qui demande un gradient est modifié sur place ; calculez plutôt un nouveau tenseur",
        "in place",
    ),
    "module": ("a module is missing", "il manque un module", ""),
    "no backward": (
        "the class has no `backward` of its own",
        "la classe n'a pas de `backward` à elle",
        "",
    ),
    "no forward": ("the class has no `forward` of its own", "la classe n'a pas de `forward` à elle", ""),
    "no graph": (
        "`backward()` starts from a tensor that depends on nothing that requires grad",
        "`backward()` part d'un tenseur qui ne dépend de rien qui demande un gradient",
        "",
    ),
    "no tensor": (
        "a function of torch is given something else than a tensor",
        "une fonction de torch reçoit autre chose qu'un tenseur",
        "",
    ),
    "none": ("something is None there", "quelque chose y vaut None", ""),
    "number": (
        "a plain number is used as if it were an object of the class",
        "un simple nombre est utilisé comme un objet de la classe",
        "",
    ),
    "numpy": (
        "a tensor that requires grad cannot be converted to numpy; call `detach()` first",
        "un tenseur qui demande un gradient ne se convertit pas en numpy ; appelez d'abord `detach()`",
        "",
    ),
    "operand": ("an operator does not support these types", "un opérateur n'accepte pas ces types", ""),
    "product": (
        "the shapes of two tensors do not match in a matrix product",
        "les formes de deux tenseurs sont incompatibles dans un produit matriciel",
        "",
    ),
    "reshape": (
        "a tensor cannot take that shape; it has another number of entries",
        "un tenseur ne peut pas prendre cette forme ; il n'a pas ce nombre d'éléments",
        "",
    ),
    "saved": (
        "`save_for_backward` takes tensors only; keep anything else as an attribute of `ctx`",
        "`save_for_backward` ne prend que des tenseurs ; gardez le reste dans un attribut de `ctx`",
        "saved",
    ),
    "saved in place": (
        "a tensor that `backward` needs was modified in place after it was saved",
        "un tenseur dont `backward` a besoin a été modifié sur place après sa sauvegarde",
        "in place",
    ),
    "scalar": (
        "`backward()` without an argument needs a scalar (a loss), not a tensor with several entries",
        "`backward()` sans argument demande un scalaire (un coût), pas un tenseur de plusieurs éléments",
        "",
    ),
    "static": (
        "`forward` and `backward` must be static methods (`@staticmethod`), and the Function is called by `apply`",
        "`forward` et `backward` doivent être des méthodes statiques (`@staticmethod`), et la Function s'appelle par"
        " `apply`",
        "static",
    ),
    "twice": (
        "`backward()` goes through the same graph a second time; compute the loss again first",
        "`backward()` parcourt une seconde fois le même graphe ; recalculez d'abord le coût",
        "",
    ),
    "unassigned": (
        "a variable is used before it has a value",
        "une variable sert avant d'avoir une valeur",
        "",
    ),
    "undefined": ("a name is not defined", "un nom n'est pas défini", ""),
    "unhashable": (
        "a class that defines `__eq__` loses its `__hash__`; define that too, or leave `__eq__` out",
        "une classe qui définit `__eq__` perd son `__hash__` ; définissez-le aussi, ou renoncez à `__eq__`",
        "",
    ),
    "unpack": (
        "the number of values to unpack does not match the number of names",
        "le nombre de valeurs ne correspond pas au nombre de variables à gauche du signe =",
        "",
    ),
    "view": (
        "`view` needs a tensor that is contiguous in memory; `reshape` does not",
        "`view` demande un tenseur contigu en mémoire, `reshape` non",
        "layout",
    ),
    "weights only": (
        "`torch.load` accepts only tensors and plain Python values in a file, unless it is given `weights_only=False`",
        "`torch.load` n'accepte dans un fichier que des tenseurs et des valeurs Python simples, sauf avec"
        " `weights_only=False`",
        "pickled object",
    ),
}

_NAMED: Final[dict[str, tuple[str, str]]] = {
    "attribute": ("there is no attribute or method `{}`", "il n'y a pas d'attribut ni de méthode `{}`"),
    "import": ("`{}` cannot be imported here", "`{}` ne peut pas être importé ici"),
    "keyword": ("there is no parameter `{}`", "il n'y a pas de paramètre `{}`"),
    "module": ("there is no module `{}` here", "il n'y a pas de module `{}` ici"),
    "none": ("`{}` is looked up on None", "`{}` est cherché sur None"),
    "number": ("a plain number has no `{}`", "un simple nombre n'a pas de `{}`"),
    "operand": ("the class has no `{}` for these types", "la classe n'a pas de `{}` pour ces types"),
    "unassigned": ("`{}` is used before it has a value", "`{}` sert avant d'avoir une valeur"),
    "undefined": ("`{}` is not defined", "`{}` n'est pas défini"),
}


def cause_words(cause: str, name: str = "") -> tuple[str, str, str] | None:
    """Say what a cause is, as a clause in both languages, with the key of the mistake; None for one not on the list.

    Args:
        cause: as in `gradjudge.wire.messages.Raised`; it may be anything.
        name: what is missing; only what the student has written, or was asked for, may come here.
    """
    if cause not in _WORDS:
        return None
    en, fr, key = _WORDS[cause]
    if cause in _NAMED and all(part.isidentifier() for part in name.split(".")):
        en, fr = (words.format(name) for words in _NAMED[cause])
        key = "no operator" if cause == "operand" else key
    return en, fr, key
