"""Settings, paths, files, errors, logs and the clock: what every other room may use."""
