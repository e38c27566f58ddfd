"""What can go wrong with an embedded stack: one sentence and one exit code each."""

from idp_bridge.core.errors import BridgeError


class StackError(BridgeError):
    """The stack cannot start, or has to stop. The message is written for the operator."""

    code, exit_code = "stack_failed", 1


class AlreadyRunning(StackError):
    """Another process runs a stack on this data folder."""

    code, exit_code = "already_running", 3


class NotRunning(StackError):
    """There is no running stack on this data folder."""

    code, exit_code = "not_running", 4


class PortTaken(StackError):
    """Something else listens on a port that the stack needs."""

    code, exit_code = "port_taken", 5


class DiskFull(StackError):
    """There is no room for what the stack writes."""

    code, exit_code = "disk_full", 6


class ChildFailed(StackError):
    """A server of the stack ended by itself or never became ready."""

    code, exit_code = "child_failed", 7


class CannotFetch(StackError):
    """Something has to be downloaded and cannot be."""

    code, exit_code = "cannot_fetch", 8


class WrongInput(StackError):
    """A file or an option that the operator gave cannot be used."""

    code, exit_code = "wrong_input", 9
