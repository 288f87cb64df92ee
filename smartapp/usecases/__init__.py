"""What the program does, in the order it does it.

Here live the use cases and the ports (Protocols) through which they reach the world.
Never here: I/O of its own, Flask, SQL, HTTP, a clock.
"""
