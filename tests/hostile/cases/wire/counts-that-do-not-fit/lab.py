#right
import msgspec
from gradjudge.wire.messages import PassesDone
from gradjudge.session.answer.answers import Answers


def answer(self, request, then=Answers.answer):
    reply = then(self, request)
    if type(reply) is not PassesDone:
        return reply
    odd = [
        msgspec.structs.replace(one, grads=one.grads * 3, elsewhere=(), grad_fns=("SquareBackward",) * 9)
        for one in reply.results
    ]
    return PassesDone(tuple(odd[1:]))


Answers.answer = answer
