"""The command-line programs: train, evaluate."""
