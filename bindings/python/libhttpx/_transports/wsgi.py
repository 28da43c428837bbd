"""A transport that calls a WSGI application (PEP 3333) in this process."""

from __future__ import annotations

import io
import sys
import typing

from .._models import Request, Response
from .._types import SyncByteStream
from .base import BaseTransport

if typing.TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

__all__ = ["WSGITransport"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class WSGIByteStream(SyncByteStream):
    """What an application returned, without the empty chunks that it begins with."""

    def __init__(self, result: typing.Iterable[bytes]) -> None:
        self._result = result
        self._chunks = iter(result)
        # The application calls start_response at the latest while its first chunk is made.
        self._first = next((chunk for chunk in self._chunks if chunk), b"")

    def __iter__(self) -> typing.Iterator[bytes]:
        if self._first:
            yield self._first
        yield from self._chunks

    def close(self) -> None:
        close = getattr(self._result, "close", None)
        if close is not None:
            close()


class WSGITransport(BaseTransport):
    """Sends requests to a WSGI application: `Client(transport=WSGITransport(app=app))`.

    `raise_app_exceptions`: whether an exception that the application reports by `start_response` is raised, or its 500 is
    the response. `script_name`: where the application is mounted. `remote_addr`: the client's address, as the application
    sees it. `wsgi_errors`: where its error log goes, `sys.stderr` unless given.
    """

    def __init__(
        self,
        app: WSGIApplication,
        raise_app_exceptions: bool = True,
        script_name: str = "",
        remote_addr: str = "127.0.0.1",
        wsgi_errors: typing.TextIO | None = None,
    ) -> None:
        self.app = app
        self.raise_app_exceptions = raise_app_exceptions
        self.script_name = script_name
        self.remote_addr = remote_addr
        self.wsgi_errors = wsgi_errors

    def handle_request(self, request: Request) -> Response:
        started: list[typing.Any] = []

        def start_response(
            status: str, response_headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> typing.Callable[[bytes], typing.Any]:
            started[:] = [status, response_headers, exc_info]
            return lambda _: None

        stream = WSGIByteStream(self.app(self._environ(request), start_response))
        assert started, "The application has not called start_response."
        status, response_headers, exc_info = started
        if exc_info and exc_info[0] and self.raise_app_exceptions:
            raise exc_info[1]
        headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in response_headers]
        return Response(int(status[:3]), headers=headers, stream=stream)

    def _environ(self, request: Request) -> dict[str, typing.Any]:
        request.read()
        url = request.url
        environ: dict[str, typing.Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": io.BytesIO(request.content),
            "wsgi.errors": self.wsgi_errors or sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": self.script_name,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query.decode("ascii"),
            "SERVER_NAME": url.host,
            "SERVER_PORT": str(url.port or _DEFAULT_PORTS[url.scheme]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.remote_addr,
        }
        for name, value in request.headers.raw:
            key = name.decode("ascii").upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.decode("ascii")
        return environ
