"""The sub-commands of `beacon`, one module each, imported only when they are run."""
