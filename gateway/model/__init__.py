"""The authorization record and its life: frozen values and pure rules, no I/O."""
