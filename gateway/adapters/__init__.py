"""What stands between the ports and the world: database, log, clock, HTTP."""
