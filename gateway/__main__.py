"""`python -m gateway` is `pa`."""

from gateway.cli import main

main()
