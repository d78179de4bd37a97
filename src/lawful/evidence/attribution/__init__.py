"""Which parts of the input an answer rests on: gradients, paths, leaving out, attention, hidden layers."""
