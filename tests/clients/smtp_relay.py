"""A relay of aiosmtpd with scripted answers for recipients. Prints its port as JSON, then every message that
it took, read by Python's own mail package. Ends when its input ends."""

import asyncio
import json
import logging
import sys
import warnings
from email import policy
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult

# Signing in without TLS is meant: the relay is on loopback.
warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
logging.getLogger("mail.log").setLevel(logging.ERROR)
ANSWERS = {
    "unknown": "550 5.1.1 No such user here",
    "full": "452 4.2.2 Mailbox full",
    "grey": "450 4.7.1 Greylisted, come back later",
    "policy": "550 5.7.1 Rejected by policy",
    "bare": "550 Requested action not taken",
}


def described(part):
    """A part of a message, as Python reads it."""
    if part.is_multipart():
        return {"type": part.get_content_type(), "parts": [described(inner) for inner in part.iter_parts()]}
    content = part.get_content()
    if isinstance(content, bytes):
        content = content.hex()
    else:
        content = content.replace("\r\n", "\n")
    return {
        "type": part.get_content_type(),
        "file": part.get_filename(),
        "content": content,
    }


class Relay:
    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = ANSWERS.get(address.split("@")[0])
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        message = BytesParser(policy=policy.default).parsebytes(envelope.content)
        headers = {}
        for name, value in message.items():
            headers.setdefault(name, []).append(str(value))
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": headers,
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "body": described(message),
        }), flush=True)
        return "250 2.0.0 Ok: queued as PY1"


def authenticate(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"shop", b"s3cret")
    return AuthResult(success=known, handled=False)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            Relay(),
            authenticator=authenticate,
            auth_required=True,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            loop=loop,
        ),
        "127.0.0.1",
        0,
    )
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
