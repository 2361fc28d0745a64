#right
from gradjudge.wire.messages import Answer, Get, Handle
from gradjudge.session.answer.answers import Answers


def answer(self, request, then=Answers.answer):
    if type(request) is Get and request.ref.root == "Square":
        return Answer(Handle(999, "function"))
    return then(self, request)


Answers.answer = answer
