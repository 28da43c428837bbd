"""The command line itself: one request, shown in colours, or saved to a file."""

from __future__ import annotations

import json
import sys
import typing

import click
import pygments.lexers  # type: ignore[import-untyped]
import pygments.util  # type: ignore[import-untyped]
import rich.console
import rich.markup
import rich.progress
import rich.syntax
import rich.table

from ._client import Client
from ._exceptions import InvalidURL, RequestError
from ._models import Request, Response

_Context = click.Context
_Parameter = typing.Union[click.Option, click.Parameter]

_OPTIONS = (
    (
        "-m, --method",
        "METHOD",
        (
            "The request's method, such as GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD. "
            "[Default: GET, or POST if there is a body]"
        ),
    ),
    ("-p, --params", "NAME VALUE ...", "Parameters of the URL's query."),
    ("-c, --content", "TEXT", "The request's body, as it is."),
    ("-d, --data", "NAME VALUE ...", "Fields of a form for the body."),
    ("-f, --files", "NAME FILENAME ...", "Files of a form for the body."),
    ("-j, --json", "TEXT", "JSON for the body."),
    ("-h, --headers", "NAME VALUE ...", "More headers for the request."),
    ("--cookies", "NAME VALUE ...", "Cookies for the request."),
    (
        "--auth",
        "USER PASS",
        (
            "Username and password for the request; with '-' the password is asked for. --verbose shows the Authorization "
            "header, from which both can be read."
        ),
    ),
    ("--proxy", "URL", "The proxy to go through."),
    ("--timeout", "FLOAT", "Seconds to wait for a connection, for data and so on. [Default: 5.0]"),
    ("--follow-redirects", "", "Goes where redirects lead."),
    ("--no-verify", "", "Does not check the server's certificate."),
    ("--http2", "", "Uses HTTP/2 if the server has it."),
    ("--download", "FILE", "Saves the body in a file, and does not show it."),
    ("-v, --verbose", "", "Shows the request, too."),
    ("--help", "", "Shows this message."),
)


def _print_help(context: _Context, parameter: _Parameter, value: typing.Any) -> None:
    if not value or context.resilient_parsing:
        return
    console = rich.console.Console()
    console.print("[bold]HTTPX :butterfly:", justify="center")
    console.print()
    console.print("A next generation HTTP client.", justify="center")
    console.print()
    console.print("Usage: [bold]httpx[/bold] [cyan]<URL> [OPTIONS][/cyan] ", justify="left")
    console.print()
    table = rich.table.Table.grid(padding=1, pad_edge=True)
    table.add_column("Option", no_wrap=True, justify="left", style="bold")
    table.add_column("What it does")
    for names, values, text in _OPTIONS:
        option = rich.markup.escape(names)
        if values:
            option += f" [cyan]<{rich.markup.escape(values)}>[/cyan]"
        table.add_row(option, rich.markup.escape(text))
    console.print(table)
    context.exit()


def _json_value(context: _Context, parameter: _Parameter, value: typing.Any) -> typing.Any:
    if value is None:
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise click.BadParameter("Not valid JSON") from error


def _credentials(context: _Context, parameter: _Parameter, value: typing.Any) -> typing.Any:
    if not value:
        return None
    username, password = value
    if password == "-":
        password = click.prompt("Password", hide_input=True)
    return username, password


def _print_text(text: str, lexer: str) -> None:
    """Prints text in the colours of its language."""
    console = rich.console.Console()
    console.print(rich.syntax.Syntax(text, lexer, theme="ansi_dark", word_wrap=True))


def _print_request(request: Request, version: str) -> None:
    target = request.url.raw_path.decode("ascii")
    _print_lines([f"{request.method} {target} {version}", *_lines(request)])


def _print_head(response: Response) -> None:
    status = f"{response.http_version} {response.status_code} {response.reason_phrase}".rstrip()
    _print_lines([status, *_lines(response)])


def _print_lines(lines: list[str]) -> None:
    _print_text("\n".join(lines), "http")
    rich.console.Console().print()


def _lines(message: Request | Response) -> list[str]:
    encoding = message.headers.encoding
    return [f"{name.decode(encoding)}: {value.decode(encoding)}" for name, value in message.headers.raw]


def _language(response: Response) -> str | None:
    """The lexer for the body's media type; None for what is no text."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    try:
        return typing.cast(str, pygments.lexers.get_lexer_for_mimetype(media_type).name)
    except pygments.util.ClassNotFound:
        return None


def _print_body(response: Response) -> None:
    if not response.content:
        return
    language = _language(response)
    if language is None:
        rich.console.Console().print(f"<{len(response.content)} bytes of binary data>")
        return
    text = response.text
    if language.lower() == "json":
        try:
            text = json.dumps(response.json(), indent=4, ensure_ascii=False)
        except ValueError:
            language = "text"
    _print_text(text, language)


def _download(response: Response, file: typing.BinaryIO) -> None:
    """Saves the body, and shows how far it is."""
    console = rich.console.Console()
    console.print()
    length = response.headers.get("Content-Length")
    with rich.progress.Progress(
        "[progress.description]{task.description}",
        "[progress.percentage]{task.percentage:>3.0f}%",
        rich.progress.BarColumn(bar_width=None),
        rich.progress.DownloadColumn(),
        rich.progress.TransferSpeedColumn(),
    ) as progress:
        name = rich.markup.escape(file.name)
        task = progress.add_task(f"Downloading [bold]{name}", total=int(length or 0), start=length is not None)
        for chunk in response.iter_bytes():
            file.write(chunk)
            progress.update(task, completed=response.num_bytes_downloaded)


class _Narrator:
    """Tells what happens to the requests of one run, as it happens: event hooks, and a trace extension."""

    def __init__(self) -> None:
        self._request: Request | None = None
        self._host, self._port = "", 0

    def request(self, request: Request) -> None:
        self._request = request

    def trace(self, event: str, info: typing.Mapping[str, typing.Any]) -> None:
        console = rich.console.Console()
        if event == "connection.connect_tcp.started":
            self._host, self._port = info["host"], info["port"]
            console.print(f"* Connecting to {self._host!r}", highlight=False)
        elif event == "connection.connect_tcp.complete":
            console.print(f"* Connected to {self._host!r} on port {self._port}", highlight=False)
        elif event == "connection.start_tls.complete":
            console.print("* SSL established", highlight=False)
        elif event.endswith(".send_request_headers.started") and self._request is not None:
            _print_request(self._request, "HTTP/2" if event.startswith("http2.") else "HTTP/1.1")


@click.command("httpx", add_help_option=False)
@click.argument("url", type=str)
@click.option("--method", "-m", "method", type=str)
@click.option("--params", "-p", "params", type=(str, str), multiple=True)
@click.option("--content", "-c", "content", type=str)
@click.option("--data", "-d", "data", type=(str, str), multiple=True)
@click.option("--files", "-f", "files", type=(str, click.File(mode="rb")), multiple=True)
@click.option("--json", "-j", "json_body", type=str, callback=_json_value)
@click.option("--headers", "-h", "headers", type=(str, str), multiple=True)
@click.option("--cookies", "cookies", type=(str, str), multiple=True)
@click.option("--auth", "auth", type=(str, str), default=None, callback=_credentials)
@click.option("--proxy", "proxy", type=str, default=None)
@click.option("--timeout", "timeout", type=float, default=5.0)
@click.option("--follow-redirects", "follow_redirects", is_flag=True, default=False)
@click.option("--no-verify", "no_verify", is_flag=True, default=False)
@click.option("--http2", "http2", is_flag=True, default=False)
@click.option("--download", "download", type=click.File("wb"))
@click.option("--verbose", "-v", "verbose", is_flag=True, default=False)
@click.option("--help", is_flag=True, is_eager=True, expose_value=False, callback=_print_help)
def command(url: str, method: str | None, **options: typing.Any) -> None:
    """Sends a request and shows its response. Ends with 1 unless the response is a success."""
    body = {
        "content": options["content"],
        "data": dict(options["data"]) or None,
        "files": list(options["files"]) or None,
        "json": options["json_body"],
    }
    if method is None:
        method = "GET" if all(value is None for value in body.values()) else "POST"
    narrator = _Narrator()
    try:
        client = Client(
            proxy=options["proxy"],
            timeout=options["timeout"],
            verify=not options["no_verify"],
            http2=options["http2"],
            cookies=dict(options["cookies"]),
            event_hooks={"request": [narrator.request], "response": [_print_head]},
        )
        with (
            client,
            client.stream(
                method,
                url,
                params=list(options["params"]) or None,
                headers=list(options["headers"]),
                auth=options["auth"],
                follow_redirects=options["follow_redirects"],
                extensions={"trace": narrator.trace} if options["verbose"] else None,
                **body,
            ) as response,
        ):
            if options["download"] is not None:
                _download(response, options["download"])
            else:
                response.read()
                _print_body(response)
    except (RequestError, InvalidURL) as error:
        console = rich.console.Console()
        console.print(f"[red]{type(error).__name__}[/red]: {rich.markup.escape(str(error))}", highlight=False)
        sys.exit(1)
    sys.exit(0 if response.is_success else 1)
