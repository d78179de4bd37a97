"""Boosted jets: Monte Carlo events by Pythia, jets by FastJet, and the observables that physicists take of them."""

from lawful.simulators.jets.substructure import energy_correlations, subjettiness

__all__ = ["energy_correlations", "subjettiness"]
