"""Problem 2: the experiments, from four CSV files to trustworthy accuracies."""
