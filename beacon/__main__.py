"""`python -m beacon` is the `beacon` command."""

from beacon.cli.main import main

if __name__ == "__main__":
    main()
