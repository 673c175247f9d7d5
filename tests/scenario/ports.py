"""Free ports for a server of a test's own."""
import random
import socket


def free_ports(n):
    """The first of n ports in a row on loopback. Below 32768: from there up the kernel gives ports to whoever connects
    to somebody, so that a server that is started again may find its own taken. By chance, not by process id: two
    tests that start together have neighbouring ids and would choose overlapping rows."""
    for _ in range(100):
        first = random.randrange(10000, 32768 - n)
        held = []
        try:
            for i in range(n):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", first + i))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise SystemExit("no free ports")
