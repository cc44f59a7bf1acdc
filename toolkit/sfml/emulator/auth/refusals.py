"""Why a login or a token is refused, in the numbers that clients branch on.

The connector's network.py lists those that it treats by themselves: 390112 makes it renew, 390114 gives up.
"""

from __future__ import annotations

from sfml.emulator.faults import Fault


def _refused(code: str, message: str) -> Fault:
    return Fault(code, "08001", message)


def wrong_password() -> Fault:
    """Also for an unknown user: who asks learns nothing about which names exist."""
    return _refused("390100", "Incorrect username or password was specified.")


def disabled() -> Fault:
    return _refused("390101", "User access disabled. Contact your local system administrator.")


def session_gone() -> Fault:
    return _refused("390111", "Session no longer exists.  New login required to access the service.")


def session_expired() -> Fault:
    return _refused("390112", "Session expired.")


def master_expired() -> Fault:
    message = "Authentication token has expired.  The user must authenticate again."
    return _refused("390114", message)


def master_invalid() -> Fault:
    return _refused("390115", "Authentication token is invalid.  The user must authenticate again.")


def jwt_invalid(code: str = "390144", why: str = "") -> Fault:
    return _refused(code, f"JWT token is invalid.{' ' + why if why else ''}")


def role_not_granted(role: str) -> Fault:
    return _refused(
        "390189",
        f"Role '{role}' specified in the connect string is not granted to this user. "
        "Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.",
    )


def no_such_object(kind: str) -> Fault:
    """Only for clients that set CLIENT_VALIDATE_DEFAULT_PARAMETERS."""
    return _refused("390201", f"The requested {kind} does not exist or not authorized.")


def oauth_invalid() -> Fault:
    return _refused("390303", "Invalid OAuth access token.")


def oauth_other_user() -> Fault:
    message = "The user you were trying to authenticate as differs from the user tied to the access token."
    return _refused("390309", message)


def oauth_expired() -> Fault:
    return _refused("390318", "OAuth access token expired.")


def access_token_invalid() -> Fault:
    return _refused("394400", "Programmatic access token is invalid.")


def unknown_method(authenticator: str) -> Fault:
    return _refused("390400", f"Authenticator '{authenticator}' is not supported by the local backend.")
