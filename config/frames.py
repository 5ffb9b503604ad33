"""Room for Python's frames."""

# Slots of eight bytes; what is not used is never touched.
ROOM = 1 << 16


def roomy(call):
    """The same call, with the frames of all that it calls in one piece of memory.

    CPython 3.11 keeps a thread's frames in pieces of 16 KB and gives an empty one back at once: a loop whose calls reach over
    the end of a piece maps and unmaps memory at each of them, 9 µs instead of 0.03 (github.com/python/cpython/issues/142183).
    A first frame that asks for room has one large piece made for all above it.
    """

    def first(*args):
        return call(*args)

    first.__code__ = first.__code__.replace(co_stacksize=ROOM)
    return first
