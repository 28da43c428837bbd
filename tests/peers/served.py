"""What gunicorn and hypercorn serve: the same files and the same echo as the servers that are no application servers,
so that one table of cases fits all of them. Behind that, gunicorn has httpbin.

The folder of the files is HTTPX_PEER_FILES.
"""

import gzip
import os
import pathlib
import re

FILES = pathlib.Path(os.environ["HTTPX_PEER_FILES"])


def answer(method, path, headers, body):
    """(status, headers, body), or None for a path that is not ours. `headers` are text in lower case."""
    if path == "/echo" and method == "POST":
        return 200, [("content-type", "application/octet-stream")], body
    if path == "/dir":
        return 301, [("location", "/dir/")], b""
    file = FILES / (path.lstrip("/") + ("index.html" if path.endswith("/") else ""))
    if ".." in path or not file.is_file():
        return None
    return document(file, method, headers)


def document(file, method, headers):
    content = file.read_bytes()
    found = [("content-type", "text/plain" if file.suffix == ".txt" else "application/octet-stream")]
    status = 200
    span = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("range", ""))
    if span:
        status, first, last = 206, int(span[1]), int(span[2])
        found.append(("content-range", f"bytes {first}-{last}/{len(content)}"))
        content = content[first : last + 1]
    elif file.name == "text.txt" and "gzip" in headers.get("accept-encoding", ""):
        found.append(("content-encoding", "gzip"))
        content = gzip.compress(content)
    found.append(("content-length", str(len(content))))
    return status, found, b"" if method == "HEAD" else content


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    status, found, content = answer(scope["method"], scope["path"], headers, body) or (404, [], b"nothing here\n")
    found.append(("x-client-port", str(scope["client"][1])))
    await send({"type": "http.response.start", "status": status,
                "headers": [(name.encode(), value.encode()) for name, value in found]})
    await send({"type": "http.response.body", "body": content})


def wsgi(environ, start_response):
    import httpbin  # here, because hypercorn needs none of it

    def with_port(status, headers, exc_info=None):
        return start_response(status, [*headers, ("X-Client-Port", environ["REMOTE_PORT"])], exc_info)

    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    body = environ["wsgi.input"].read() if path == "/echo" else b""
    found = answer(method, path, headers, body)
    if found is None:
        return httpbin.app(environ, with_port)
    status, fields, content = found
    with_port(f"{status} {'Found' if status >= 300 else 'OK'}", fields)
    return [content]
