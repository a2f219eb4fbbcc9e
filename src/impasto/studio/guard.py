"""What stands before everything: who may ask, from where, how much, and what browsers are told."""

import base64
import hmac
import ipaddress
import re
import secrets
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.local_page import LOCAL
from impasto.studio.options import StudioOptions
from impasto.studio.store import Visitor

COOKIE, _COOKIE_RULES = "impasto", "Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict"
#: Bytes that a request without an upload may have.
_MOST = 4_000_000
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class Guard:
    """An ASGI application in front of another one.

    It answers requests of strangers, of other sites and of other host names itself, limits what is
    sent, and knows each browser by a cookie that no script can read.
    `scope["state"]["visitor"]` is the visitor who asks.
    """

    def __init__(self, app: ASGIApp, options: StudioOptions) -> None:
        self._app, self._options = app, options
        self._prefix = options.root_path.rstrip("/")
        machine = socket.gethostname()
        own = (*LOCAL, "::1", options.host, machine, f"{machine}.local", *(options.name or ()))
        self._known = {each.lower() for each in own}
        policy = _POLICY + ("" if options.public else "; frame-ancestors 'self'")
        self._headers = {**_HEADERS, "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # What surrounds an upload has some bytes too.
        upload = int(self._options.max_upload * 1e6) + 100_000
        limit = upload if scope["path"].endswith("/api/files") else _MOST
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        new = not re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
        token = secrets.token_urlsafe(32) if new else token
        user, (address, _) = self._user(headers), scope.get("client") or ("", 0)
        id = f"user {user}" if user else f"token {token}"
        scope.setdefault("state", {})["visitor"] = Visitor(id, user or _network_of(address))
        scope["root_path"] = self._prefix  # where a proxy passes it on
        answer = self._refused(scope, headers, limit) or self._app

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    told.append(name, value)
                if new and answer is self._app:
                    secure = "; Secure" if headers.get("x-forwarded-proto") == "https" else ""
                    told.append("Set-Cookie", f"{COOKIE}={token}; {_COOKIE_RULES}{secure}")
            await send(message)

        await answer(scope, _limited(receive, limit), sending)

    def _refused(self, scope: Scope, headers: Headers, limit: int) -> Response | None:
        said = headers.get("content-length", "0")
        if said.isdigit() and int(said) > limit:
            return _answer(413, _too_large(limit))
        name = _host_of("//" + headers.get("host", ""))
        # Where visitors are strangers to each other, another site's name gains nothing.
        elsewhere = self._options.local or _address(name) is None
        if name not in self._known and elsewhere and not self._options.public:
            return _answer(421, f"This studio is not known as {name[:80]!r}: start it with --name")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _is_from_elsewhere(headers):
            return _answer(403, "Only the studio's own page may ask for that.")
        # Who looks after the server has no password.
        asks_for_health = scope["path"].endswith("/api/health")
        if self._options.auth and self._user(headers) is None and not asks_for_health:
            refused = _answer(401, "Give a user and a password.")
            refused.headers["WWW-Authenticate"] = 'Basic realm="impasto", charset="UTF-8"'
            return refused
        if self._prefix and scope["path"] == self._prefix:  # the page's addresses are relative
            return RedirectResponse(f"{self._prefix.rpartition('/')[2]}/")
        return None

    def _user(self, headers: Headers) -> str | None:
        kind, _, said = headers.get("authorization", "").partition(" ")
        if not self._options.auth or kind.lower() != "basic":
            return None
        try:
            login = base64.b64decode(said, validate=True)
        except ValueError:  # binascii.Error is one
            return None
        # All are compared, so that the time tells nothing.
        fits = [hmac.compare_digest(login, each.encode()) for each in self._options.auth]
        return login.decode().partition(":")[0] if any(fits) else None


def _network_of(text: str) -> str:
    """Return whose limits an address has: of IPv6, one household has 2**64."""
    found = _address(text)
    found = getattr(found, "ipv4_mapped", None) or found
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return text if found is None else str(found)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a host is, or None; no site can give itself such a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _too_large(limit: int) -> str:
    raised = "" if limit == _MOST else " (impasto studio --max-upload raises that)"
    return f"This is too large: at most {limit // 10**6} MB are taken{raised}."


def _limited(receive: Receive, limit: int) -> Receive:
    got = 0

    async def receiving() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > limit:
            raise HTTPException(413, _too_large(limit))
        return message

    return receiving


def _host_of(address: str) -> str:
    """Return the host of an address without its port, in lower case; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_from_elsewhere(headers: Headers) -> bool:
    """Tell whether a page of another site asks, by what its browser says."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None or origin is None:
        return site not in (None, "same-origin", "none")
    hosts = {_host_of("//" + headers.get(name, "")) for name in ("host", "x-forwarded-host")}
    return _host_of(origin) not in hosts - {""}


def _answer(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
