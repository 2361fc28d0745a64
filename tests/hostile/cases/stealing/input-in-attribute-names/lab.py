#right


kept = []
_double = double


def double(x):
    kept.append(f"{x}".replace(".", "_"))
    return _double(x)


class Meta(type(Function)):
    __name__ = property(lambda cls: f"Input{kept[0]}")
    __dir__ = lambda cls: [f"backward{kept[0]}", f"forward{kept[0]}"]

    def __getattribute__(cls, name):
        if name == "backward":
            raise AttributeError(f"backward{kept[0]}", name=f"backward{kept[0]}", obj=cls)
        return super().__getattribute__(name)


class Square(Function, metaclass=Meta):
    @staticmethod
    def forward(ctx, x):
        return x * x
