"""How the trusted side and a student's process talk: messages, a closed value codec, limits. The attack surface."""
