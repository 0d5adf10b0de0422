"""Where alerts go: a log file, a webhook, e-mail.

| variable | |
|---|---|
| BEACON_ALERT_WEBHOOK | address that takes a POST of JSON; a secret, as it carries its own key |
| BEACON_ALERT_MAIL_TO | addresses, separated by commas |
| BEACON_ALERT_MAIL_FROM | sender; the first receiver's by default |
| BEACON_ALERT_SMTP | host[:port] of the mail server; port 587 by default |
| BEACON_ALERT_SMTP_USER, BEACON_ALERT_SMTP_PASSWORD | where the mail server wants them |
| BEACON_ALERT_LOG | the log file; `logs/alerts.log` in the home by default |

Nothing of these is written anywhere, and no message holds them.
"""

from __future__ import annotations

import ipaddress
import json
import os
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from beacon.core.errors import BeaconError
from beacon.core.home import Home

WEBHOOK_SECONDS = 10.0
MAIL_SECONDS = 15.0
_LOG_BYTES = 1_000_000
_OLD_LOGS = 3
_SUBMISSION_PORT = 587


class ChannelError(BeaconError):
    """A channel did not take a message; the text holds no secret."""


@dataclass(frozen=True)
class Message:
    """What is sent: one or more alerts at once.

    Attributes:
        subject: One line.
        text: The whole, in plain text.
        alerts: The same as JSON values.
    """

    subject: str
    text: str
    alerts: tuple[dict[str, Any], ...]


class Channel(Protocol):
    """A way to tell somebody."""

    @property
    def name(self) -> str:
        """Its name, by which it is remembered what it has taken."""
        ...

    def send(self, message: Message) -> None:
        """Send, or say why not.

        Raises:
            ChannelError: When it was not taken.
        """
        ...


@dataclass(frozen=True)
class LogFile:
    """A line of JSON for each alert. Rotated, so that it never fills a disk."""

    path: Path
    name: str = "log"

    def send(self, message: Message) -> None:
        """Append the alerts."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._rotate()
            with self.path.open("a", encoding="utf-8") as stream:
                for alert in message.alerts:
                    stream.write(json.dumps(alert, ensure_ascii=False, sort_keys=True) + "\n")
        except OSError as error:
            raise ChannelError(f"the log file: {error.strerror}") from error

    def _rotate(self) -> None:
        if not self.path.is_file() or self.path.stat().st_size < _LOG_BYTES:
            return
        for number in range(_OLD_LOGS, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = (
                self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            )
            if newer.is_file():
                newer.replace(older)


@dataclass(frozen=True)
class Webhook:
    """A POST of JSON: `text` for chat services, `alerts` for programs."""

    url: str
    name: str = "webhook"

    def send(self, message: Message) -> None:
        """Post the message. Redirects are not followed: they would carry alerts elsewhere."""
        import httpx

        body = {"text": f"{message.subject}\n\n{message.text}", "alerts": list(message.alerts)}
        try:
            answer = httpx.post(
                self.url, json=body, timeout=WEBHOOK_SECONDS, follow_redirects=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The text of the error may hold the address, which is the secret.
            raise ChannelError(f"the webhook: {type(error).__name__}") from None
        if not answer.is_success:
            raise ChannelError(f"the webhook answered {answer.status_code}")


@dataclass(frozen=True)
class Mail:
    """An e-mail, over TLS unless the server is this machine."""

    host: str
    port: int
    to: tuple[str, ...]
    sender: str
    user: str = ""
    password: str = ""
    name: str = "mail"

    def send(self, message: Message) -> None:
        """Send the message."""
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = formatdate(localtime=False)
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or "beacon.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=MAIL_SECONDS) as server:
                if not _is_this_machine(self.host):
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except (smtplib.SMTPException, OSError) as error:
            code = getattr(error, "smtp_code", None)
            said = f" {code}" if code else ""
            raise ChannelError(f"the mail server: {type(error).__name__}{said}") from None


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def channels_from_environment(
    home: Home, environment: Mapping[str, str] | None = None
) -> tuple[list[Channel], list[str]]:
    """The channels that are set up, and what is wrong with those that are not rightly.

    The log file is always one of them.
    """
    given = os.environ if environment is None else environment
    faults: list[str] = []
    log = given.get("BEACON_ALERT_LOG", "")
    found: list[Channel] = [LogFile(Path(log) if log else home.root / "logs" / "alerts.log")]
    if url := given.get("BEACON_ALERT_WEBHOOK", ""):
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)):
            found.append(Webhook(url))
        else:
            faults.append("BEACON_ALERT_WEBHOOK must be an https address.")
    receivers = tuple(
        part.strip() for part in given.get("BEACON_ALERT_MAIL_TO", "").split(",") if part.strip()
    )
    server = given.get("BEACON_ALERT_SMTP", "")
    if receivers and server:
        host, _, port = server.partition(":")
        if port and not port.isdigit():
            faults.append("BEACON_ALERT_SMTP must be host or host:port.")
        else:
            found.append(
                Mail(
                    host,
                    int(port or _SUBMISSION_PORT),
                    receivers,
                    given.get("BEACON_ALERT_MAIL_FROM", "") or receivers[0],
                    given.get("BEACON_ALERT_SMTP_USER", ""),
                    given.get("BEACON_ALERT_SMTP_PASSWORD", ""),
                )
            )
    elif receivers or server:
        lacking = "BEACON_ALERT_SMTP" if receivers else "BEACON_ALERT_MAIL_TO"
        faults.append(f"{lacking} is missing, so no e-mail is sent.")
    return found, faults
