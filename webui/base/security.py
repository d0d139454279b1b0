"""Headers, cookies, forged forms, foreign origins and guessed passwords."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from webui.base import context

csrf = CSRFProtect()
# Counts live in memory: a restart forgives, and each inbox process counts for itself.
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")

SESSION_DAYS = 30
_SAFE = {"GET", "HEAD", "OPTIONS"}


def install(app: Flask) -> None:
    """Protect every page of the app."""
    config = context.of(app).config
    secure = config.url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="balas",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=SESSION_DAYS * 24 * 3600,
        # an inbox stays open for days; the token ends with the login
        WTF_CSRF_TIME_LIMIT=None,
    )
    if config.proxies:
        n = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_refuse_foreign_forms)
    headers = _headers(urlsplit(config.url).netloc, secure)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if request.endpoint == "static":
            response.cache_control.immutable = True
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def is_own_origin() -> bool:
    """Whether the request's Origin header names the host that it was sent to."""
    origin = urlsplit(request.headers.get("Origin", ""))
    own = {request.host, urlsplit(context.services().config.url).netloc}
    return origin.scheme in ("http", "https") and origin.netloc in own


def _refuse_foreign_forms() -> None:
    if request.method not in _SAFE and "Origin" in request.headers and not is_own_origin():
        abort(403)


def _headers(host: str, secure: bool) -> dict[str, str]:
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        # blob: what is about to be sent
        "img-src": "'self' data: blob:",
        # blob: what was recorded and is about to be sent
        "media-src": "'self' blob:",
        # browsers before 2022 don't count ws: as 'self'
        "connect-src": f"'self' {'wss' if secure else 'ws'}://{host}",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # the CSRF check over https wants to see a referrer from here
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(self), geolocation=(self), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
