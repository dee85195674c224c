"""Opens an encrypted, signed-in connection to a mail server, and explains why it cannot."""

import base64
import socket
import ssl
from collections.abc import Callable
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPAuthenticationError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from webapp.errors import TaskError
from webapp.mail.url import SmtpSettings

CONNECT_SECONDS = 30.0
ERRORS = (OSError, SMTPException, UnicodeError)  # that smtplib may raise
ASK = "Ask an admin to check Settings → Mail, then press Retry."
IF_IT_STAYS = "If this goes on, ask an admin to check Settings → Mail, then press Retry."


def connect(server: SmtpSettings) -> SMTP:
    """Returns a connection that takes messages; raises TaskError, not permanent if a later try may succeed."""
    try:
        return begin(server, CONNECT_SECONDS)
    except ERRORS as error:
        message, cause, permanent = explain(error)
        text = f"{server.host}:{server.port}: {technical(error)}"
        whole = f"{message} {ASK if permanent else IF_IT_STAYS}"
        raise TaskError(whole, permanent=permanent, cause=cause, technical=text) from None


def begin(server: SmtpSettings, seconds: float, reached: Callable[[str], None] = lambda step: None) -> SMTP:
    """Returns a connection that takes messages; raises one of ERRORS. Waits at most `seconds` for each reply.

    `reached` is called after each step that went well: connected, encrypted, signed in.
    """
    smtp = _open(server, seconds)
    try:
        reached("connected")
        _prepare(smtp, server, reached)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _open(server: SmtpSettings, seconds: float) -> SMTP:
    # A name of our own: smtplib would ask the name server for it, which can take long.
    name = "outtray.invalid"
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return SMTP_SSL(server.host, server.port, local_hostname=name, timeout=seconds, context=context)
    return SMTP(server.host, server.port, local_hostname=name, timeout=seconds)


def _prepare(smtp: SMTP, server: SmtpSettings, reached: Callable[[str], None]) -> None:
    smtp.local_hostname = _own_name(smtp)
    assert smtp.sock is not None
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # every write here waits for an answer
    smtp.ehlo_or_helo_if_needed()
    if server.scheme == "smtp+starttls":
        code, text = smtp.starttls(context=ssl.create_default_context())
        if code != 220:
            raise SMTPResponseException(code, text)
        smtp.ehlo()  # what was said before the encryption does not count (RFC 3207, 4.2)
    if server.is_encrypted:
        reached("encrypted")
    if server.user:
        _sign_in(smtp, server)
        reached("signed in")


def _own_name(smtp: SMTP) -> str:
    """Returns this machine's full name, or its address if it has none (RFC 5321, 4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    assert smtp.sock is not None
    address = str(smtp.sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _sign_in(smtp: SMTP, server: SmtpSettings) -> None:
    """Signs in with one try, so that a wrong password does not lock the account; smtplib would make three."""
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        code, text = smtp.docmd("AUTH", f"PLAIN {_base64(f'{chr(0)}{server.user}{chr(0)}{server.password}')}")
    elif "LOGIN" in offered:
        code, text = smtp.docmd("AUTH", f"LOGIN {_base64(server.user)}")
        if code == 334:
            code, text = smtp.docmd(_base64(server.password))
    elif "CRAM-MD5" in offered:
        smtp.user, smtp.password = server.user, server.password
        code, text = smtp.auth("CRAM-MD5", smtp.auth_cram_md5)
    else:
        raise SMTPNotSupportedError(f"AUTH: {' '.join(offered) or 'not offered'}")
    if code not in (235, 503):  # 503: signed in already
        raise SMTPAuthenticationError(code, text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def explain(error: Exception) -> tuple[str, str, bool]:
    """Returns message, cause and whether it is permanent; the order matters, because most of these are OSErrors."""
    match error:
        case ssl.SSLCertVerificationError():
            return "The mail server could not prove that it is the right one.", "mail-certificate", True
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "The mail server broke the connection off.", "mail-unreachable", False
        case ssl.SSLError():
            return "No encrypted connection with the mail server could be made.", "mail-encryption", True
        case SMTPNotSupportedError() if "AUTH" in str(error):
            return "The mail server offers no way to sign in that Outtray knows.", "mail-login", True
        case SMTPNotSupportedError():
            return "The mail server does not offer encryption, so nothing was said to it.", "mail-starttls", True
        case SMTPResponseException(smtp_code=code) if 400 <= code < 500:
            return "The mail server is busy and asked to try again later.", "mail-busy", False
        case SMTPAuthenticationError():
            return "The mail server did not accept the password.", "mail-login", True
        case SMTPResponseException(smtp_code=code) if code >= 500:
            return "The mail server refused the connection.", "mail-refused", True
        case SMTPServerDisconnected() | SMTPException():
            return "The mail server broke the connection off.", "mail-unreachable", False
        case socket.gaierror() | UnicodeError():
            return "The mail server’s name was not found.", "mail-name", False
        case _:
            return "The mail server cannot be reached.", "mail-unreachable", False


def technical(error: Exception) -> str:
    """Returns what the server or the system said."""
    if isinstance(error, SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    return f"{type(error).__name__}: {error}"
