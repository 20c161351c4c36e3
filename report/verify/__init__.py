"""Is a submission what its code and data give? Reported, attached and reproduced, question by question."""
