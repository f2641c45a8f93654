"""A deterministic simulation of the send path: the real flow, many workers, a virtual clock, no sockets (design 2)."""

from gateway.chaos.simulation.run import Outcome, Setup, simulate

__all__ = ["Outcome", "Setup", "simulate"]
