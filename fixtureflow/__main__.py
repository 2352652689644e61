"""`fixtureflow`, the command, and `python -m fixtureflow`: a process that does one job and ends."""

import gc

__all__ = ["main"]

BLOCKS_KEPT = 8 * 1024 * 1024


def main() -> None:
    """Get ready, and run."""
    gc.disable()  # till the program is put together: nothing of that is garbage
    # glibc gives freed blocks back to the system, which has to clear them again, unless larger ones have been freed
    # before (mallopt(3), M_MMAP_THRESHOLD); this one is never touched.
    bytes(BLOCKS_KEPT)
    from fixtureflow.cli import main as run

    run()


if __name__ == "__main__":
    main()
