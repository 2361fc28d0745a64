"""The wire between the trusted side and a session: messages, a closed value codec, limits. The attack surface."""
