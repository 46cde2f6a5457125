"""What can go wrong while a process locks itself in."""


class SandboxError(RuntimeError):
    """The sandbox cannot be entered; the message says why, for people."""


class NoSandboxError(SandboxError):
    """There is no way to have one here."""
