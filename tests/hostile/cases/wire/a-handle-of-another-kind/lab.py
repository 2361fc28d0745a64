#right
from gradjudge.wire.messages import Answer, Get
from gradjudge.session.answer.answers import Answers
import msgspec


def answer(self, request, then=Answers.answer):
    reply = then(self, request)
    if type(request) is Get and request.ref.root in ("Square", "follow"):
        kind = "module" if request.ref.root == "Square" else "function"
        return Answer(msgspec.structs.replace(reply.value, kind=kind))
    return reply


Answers.answer = answer
