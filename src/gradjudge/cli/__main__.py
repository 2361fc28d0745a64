"""``python -m gradjudge.cli``."""

from gradjudge.cli import main

main()
