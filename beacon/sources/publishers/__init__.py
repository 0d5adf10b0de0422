"""One module for each publisher's format."""
