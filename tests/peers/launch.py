"""Starts the peers: other people's servers and proxies, each on 127.0.0.1, on ports that are free.

    launch.py --backend URL [--dir build/peers] [NAME...]

Prints one line of JSON when all of them take connections, and keeps them running until its standard input ends or it is
told to end. A peer that cannot be had is named under "missing". What they log lies in DIR/log.
"""

import argparse
import ctypes
import grp
import hashlib
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import certificates  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
USER, PASSWORD = "user", certificates.PASSWORD
START_SECONDS = 30
STOP_SECONDS = 5
ATTEMPTS = 3  # another program may take a port between our look and the peer's bind


class Missing(Exception):
    """A peer's program, or a part of it, is not on this machine."""


class Site:
    """The ground that peers stand on: folders, certificates, files to serve, and the origin server behind them."""

    def __init__(self, folder, venv, backend):
        self.folder = folder
        self.venv = venv
        self.backend = backend
        self.files = folder / "files"
        self.certificates = folder / "certificates"
        self.logs = folder / "log"
        self.logs.mkdir()
        certificates.generate(self.certificates)
        self.write_files()
        digest = hashlib.md5(f"{USER}:peers:{PASSWORD}".encode()).hexdigest()
        self.write("htdigest", f"{USER}:peers:{digest}\n")
        hashed = subprocess.run(["openssl", "passwd", "-apr1", PASSWORD], check=True, text=True, capture_output=True)
        self.write("htpasswd", f"{USER}:{hashed.stdout}")

    def write_files(self):
        (self.files / "dir").mkdir(parents=True)
        (self.files / "private").mkdir()
        (self.files / "hello.txt").write_text("Hello, peer!\n")
        (self.files / "dir/index.html").write_text("a folder\n")
        (self.files / "private/hello.txt").write_text("Hello, friend!\n")
        (self.files / "text.txt").write_text("".join(f"line {n} of a text that compresses\n" for n in range(3000)))
        (self.files / "big.bin").write_bytes(random.Random(1).randbytes(1 << 20))

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def certificate(self, name="server"):
        return self.certificates / f"{name}.pem", self.certificates / f"{name}.key"

    def program(self, name):
        found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if not found:
            raise Missing(f"{name}: no such program")
        return found

    def python_program(self, name, module):
        found = self.venv / "bin" / name
        if not found.exists() or not list(self.venv.glob(f"lib/python*/site-packages/{module}")):
            raise Missing(f"{name}: not in {self.venv}")
        return str(found)


def free_port():
    """Below the ports that the system gives to those who ask for any, so that no client or test takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def unprivileged_user():
    """Whom servers become that will not work as root: an entry of passwd; None if we are not root."""
    if os.getuid() != 0:
        return None
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    return entries.get("www-data") or entries.get("nobody")


class Ports(dict):
    """Ports by name; asking for one that has none yet finds one."""

    def __missing__(self, name):
        self[name] = free_port()
        return self[name]


# ---- the peers: each a function from the site, and the ports that it names, to a command that stays in the foreground


def nginx(site, ports):
    """The static site plain and over TLS, a server for each bad certificate, and servers that ask for a certificate."""
    program = site.program("nginx")
    state = site.folder / "nginx"
    state.mkdir(exist_ok=True)

    def server(name, certificate=None, *directives):
        lines = [f"listen 127.0.0.1:{ports[name]}{' ssl http2' if certificate else ''};"]
        if certificate:
            chain, key = site.certificate(certificate)
            lines += [f"ssl_certificate {chain};", f"ssl_certificate_key {key};"]
        lines += directives
        return "  server { " + "\n    ".join([*lines, "include site.conf;"]) + " }\n"

    must_show = (f"ssl_client_certificate {site.certificates}/ca.pem;", "ssl_verify_client on;")
    may_show = (must_show[0], "ssl_verify_client optional;")
    servers = [
        server("http"),
        server("https", "server"),
        server("restless", "server", "keepalive_requests 20;"),
        server("tls1.2", "server", "ssl_protocols TLSv1.2;"),
        server("tls1.1", "server", "ssl_protocols TLSv1.1;", "ssl_ciphers ALL:@SECLEVEL=0;"),
        server("mtls", "server", *must_show),
        server("mtls-tls1.2", "server", "ssl_protocols TLSv1.2;", *must_show),
        server("mtls-optional", "server", *may_show),
    ]
    # Weak ones need to be allowed.
    allow_weak = "ssl_ciphers ALL:@SECLEVEL=0;"
    servers += [server(name, name, allow_weak) for name in (*certificates.SERVERS, "self-signed", "self-signed-leaf")]
    (state / "site.conf").write_text(f"""
root {site.files};
add_header X-Client-Port $remote_port always;
location = /echo {{
  proxy_pass {site.backend}/anything;
  proxy_http_version 1.1;
  proxy_request_buffering off;
}}
location = /small {{
  client_max_body_size 10;
  proxy_pass {site.backend}/anything;
  proxy_request_buffering off;
}}
location = /drop {{ return 444; }}
location = /certificate {{ return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_protocol"; }}
""")
    user = unprivileged_user()
    config = state / "nginx.conf"
    config.write_text(f"""
daemon off;
{f'user {user.pw_name} {grp.getgrgid(user.pw_gid).gr_name};' if user else ''}
pid nginx.pid;
worker_processes 1;
error_log stderr;
events {{ worker_connections 512; }}
http {{
  access_log off;
  ssl_protocols TLSv1.2 TLSv1.3;
  types {{ text/plain txt; text/html html; }}
  default_type application/octet-stream;
  gzip on;
  gzip_types text/plain;
  client_max_body_size 0;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
{''.join(servers)}}}
""")
    return [program, "-p", f"{state}/", "-c", str(config), "-e", "stderr"]


def nghttpd(site, ports):
    """HTTP/2 with prior knowledge, without TLS, and fewer requests at a time than come."""
    options = ["--no-tls", "--max-concurrent-streams=10", *nghttpd_options(site)]
    return [site.program("nghttpd"), *options, str(ports["h2c"])]


def nghttpd_tls(site, ports):
    """HTTP/2 over TLS."""
    chain, key = site.certificate()
    return [site.program("nghttpd"), *nghttpd_options(site), str(ports["https"]), str(key), str(chain)]


def nghttpd_options(site):
    types = site.write("mime.types", "text/plain txt\ntext/html html\n")
    return ["--address=127.0.0.1", f"--mime-types-file={types}", f"--htdocs={site.files}", "--echo-upload",
            "--trailer=x-finished: yes"]


def caddy(site, ports):
    """The static site plain and over TLS; it compresses with zstd."""
    chain, key = site.certificate()
    config = site.write("Caddyfile", f"""
{{
    admin off
    auto_https off
    servers {{
        protocols h1 h2 h2c
    }}
}}
(site) {{
    bind 127.0.0.1
    root * {site.files}
    encode zstd gzip
    header X-Client-Port {{http.request.remote.port}}
    handle /echo {{
        rewrite * /anything
        reverse_proxy {site.backend.removeprefix("http://")}
    }}
    handle {{
        file_server
    }}
}}
http://:{ports["http"]} {{
    import site
}}
https://:{ports["https"]} {{
    tls {chain} {key}
    import site
}}
""")
    return [site.program("caddy"), "run", "--config", str(config), "--adapter", "caddyfile"]


def apache(site, ports):
    """The static site plain and over TLS, a part of it behind Digest, and a server that asks for a certificate."""
    program = site.program("apache2")
    modules = pathlib.Path("/usr/lib/apache2/modules")
    if not modules.is_dir():
        raise Missing(f"{modules}: no such folder")
    names = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_digest", "mime", "dir",
             "filter", "deflate", "headers", "proxy", "proxy_http", "ssl", "http2"]
    user = unprivileged_user()
    state = site.folder / "apache"
    state.mkdir(exist_ok=True)
    chain, key = site.certificate()
    tls = f"SSLEngine on\n  SSLCertificateFile {chain}\n  SSLCertificateKeyFile {key}"
    config = site.write("apache.conf", f"""
{"".join(f"LoadModule {name}_module {modules}/mod_{name}.so" + chr(10) for name in names)}
ServerRoot {state}
ServerName localhost
PidFile {state}/pid
DefaultRuntimeDir {state}
Mutex file:{state} default
{f"User {user.pw_name}" if user else ""}
{f"Group #{user.pw_gid}" if user else ""}
ErrorLog /dev/stderr
Listen 127.0.0.1:{ports["http"]}
Listen 127.0.0.1:{ports["https"]}
Listen 127.0.0.1:{ports["mtls"]}
Protocols h2 h2c http/1.1
TypesConfig /dev/null
AddType text/plain .txt
AddType text/html .html
AddOutputFilterByType DEFLATE text/plain
DocumentRoot {site.files}
Header always set X-Client-Port "expr=%{{REMOTE_PORT}}"
ProxyPass /echo {site.backend}/anything
<Directory {site.files}>
  Require all granted
</Directory>
<Location /private>
  AuthType Digest
  AuthName peers
  AuthDigestProvider file
  AuthUserFile {site.folder}/htdigest
  AuthDigestDomain /private
  Require valid-user
</Location>
<VirtualHost 127.0.0.1:{ports["http"]}>
</VirtualHost>
<VirtualHost 127.0.0.1:{ports["https"]}>
  {tls}
</VirtualHost>
<VirtualHost 127.0.0.1:{ports["mtls"]}>
  {tls}
  SSLCACertificateFile {site.certificates}/ca.pem
  SSLVerifyClient require
</VirtualHost>
""")
    return [program, "-f", str(config), "-DFOREGROUND"]


def httpbin(site, ports):
    """httpbin and the static site, in gunicorn."""
    program = site.python_program("gunicorn", "httpbin")
    return [program, "--bind", f"127.0.0.1:{ports['http']}", "--worker-class", "gthread", "--threads", "64",
            "--worker-tmp-dir", str(site.folder), "--log-level", "warning", "served:wsgi"]


def hypercorn(site, ports):
    """The static site as an ASGI application, plain (also HTTP/2 with prior knowledge) and over TLS."""
    chain, key = site.certificate()
    return [site.python_program("hypercorn", "hypercorn"), "--insecure-bind", f"127.0.0.1:{ports['http']}", "--bind",
            f"127.0.0.1:{ports['https']}", "--certfile", str(chain), "--keyfile", str(key), "--workers", "0",
            "served:asgi"]


def squid(site, ports):
    """A proxy that asks for Basic credentials, plain and behind TLS (where, with GnuTLS, it sends no intermediate)."""
    helpers = ("/usr/lib/squid", "/usr/lib64/squid", "/usr/libexec/squid")
    helper = shutil.which("basic_ncsa_auth", path=":".join(helpers))
    if not helper:
        raise Missing("basic_ncsa_auth of squid: no such program")
    chain, key = site.certificate("issued-by-root")
    hosts = site.write("hosts", "127.0.0.1 localhost peers.example a.peers.example\n")
    config = site.write("squid.conf", f"""
http_port 127.0.0.1:{ports["http"]}
https_port 127.0.0.1:{ports["https"]} tls-cert={chain} tls-key={key}
auth_param basic program {helper} {site.folder}/htpasswd
auth_param basic children 2 startup=1
auth_param basic realm peers
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
hosts_file {hosts}
visible_hostname peers.example
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
coredump_dir none
pid_filename none
max_filedescriptors 1024
shutdown_lifetime 0 seconds
""")
    return [site.program("squid"), "-N", "-d", "1", "-n", f"peers{os.getpid()}", "-f", str(config)]


def tinyproxy(site, ports):
    """A proxy that asks for nothing."""
    config = site.write("tinyproxy.conf", f"""
Listen 127.0.0.1
Port {ports["http"]}
Timeout 60
MaxClients 200
LogLevel Warning
""")
    return [site.program("tinyproxy"), "-d", "-c", str(config)]


def tinyproxy_auth(site, ports):
    """A proxy that asks for Basic credentials."""
    config = site.write("tinyproxy-auth.conf", f"""
Listen 127.0.0.1
Port {ports["http"]}
Timeout 60
MaxClients 200
LogLevel Warning
BasicAuth {USER} {PASSWORD}
""")
    return [site.program("tinyproxy"), "-d", "-c", str(config)]


def microsocks(site, ports):
    """A SOCKS5 proxy that asks for a name and a password."""
    return [site.program("microsocks"), "-i", "127.0.0.1", "-p", str(ports["socks5"]), "-u", USER, "-P", PASSWORD]


def pproxy(site, ports):
    """HTTP and SOCKS5 on one port; the same with credentials; an HTTP proxy behind TLS."""
    chain, key = site.certificate()
    python = pathlib.Path(site.python_program("pproxy", "pproxy")).parent / "python"
    # Its own main expects an event loop to be there, which newer Pythons no longer make unasked.
    main = "import asyncio; asyncio.set_event_loop(asyncio.new_event_loop()); from pproxy.server import main; main()"
    return [str(python), "-c", main, "-l", f"http+socks5://127.0.0.1:{ports['any']}",
            "-l", f"http+socks5://127.0.0.1:{ports['auth']}#{USER}:{PASSWORD}",
            "-l", f"http+ssl://127.0.0.1:{ports['https']}", "--ssl", f"{chain},{key}",
            "--auth", "0"]  # else it asks once and then takes everybody from the same address


PEERS = {
    "nginx": nginx,
    "nghttpd": nghttpd,
    "nghttpd-tls": nghttpd_tls,
    "caddy": caddy,
    "apache": apache,
    "httpbin": httpbin,
    "hypercorn": hypercorn,
    "squid": squid,
    "tinyproxy": tinyproxy,
    "tinyproxy-auth": tinyproxy_auth,
    "microsocks": microsocks,
    "pproxy": pproxy,
}

# Squid gives up being root in a way that makes the kernel forget to end it with its parent, so it never is root.
NEVER_ROOT = {"squid"}

# ---- starting and ending


def die_with_parent():
    """In the child: SIGTERM when the launcher is gone, however that ended."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Process:
    """A peer on its way up, or running."""

    def __init__(self, name, site):
        self.name = name
        self.ports = Ports()
        self.log = site.logs / f"{name}.log"
        command = PEERS[name](site, self.ports)
        environment = {"PATH": os.environ["PATH"], "HOME": str(site.folder), "LANG": "C.UTF-8",
                       "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1", "HTTPX_PEER_FILES": str(site.files)}
        user = unprivileged_user() if name in NEVER_ROOT else None
        become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=site.folder, env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, preexec_fn=die_with_parent, **become)

    def wait(self, deadline):
        """Until every port takes connections. False if the program has ended instead."""
        for port in self.ports.values():
            while not takes_connections(port):
                if self.process.poll() is not None:
                    return False
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.name}: port {port} takes no connections after {START_SECONDS} s")
                time.sleep(0.02)
        return self.process.poll() is None

    def end(self, deadline):
        try:
            self.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def takes_connections(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def start(names, site, running):
    """All at once; returns what is missing, by name. `running` has, at any moment, what is to be ended."""
    missing, waiting = {}, []
    for name in names:
        try:
            running[name] = Process(name, site)
            waiting.append(name)
        except Missing as reason:
            missing[name] = str(reason)
    deadline = time.monotonic() + START_SECONDS
    for attempt in range(ATTEMPTS):
        waiting = [name for name in waiting if not running[name].wait(deadline)]
        if waiting and attempt + 1 < ATTEMPTS:
            running.update((name, Process(name, site)) for name in waiting)
    for name in waiting:
        missing[name] = f"it does not start: {running.pop(name).log.read_text()[-2000:]}"
    return missing


def end(running):
    for peer in running.values():
        if peer.process.poll() is None:
            peer.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for peer in running.values():
        peer.end(deadline)


def new_folder(wanted):
    """`wanted`, emptied; or a temporary folder if servers that give up being root could not reach into it."""
    wanted = pathlib.Path(wanted).resolve()
    if os.getuid() == 0 and not all(os.stat(place).st_mode & 0o001 for place in wanted.parents if place.exists()):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="httpx-peers-"))
        folder.chmod(0o755)
        return folder, True
    shutil.rmtree(wanted, ignore_errors=True)
    os.umask(0o022)
    wanted.mkdir(parents=True)
    return wanted, False


def main():
    parser = argparse.ArgumentParser(description="Starts other people's servers and proxies for tests.")
    parser.add_argument("--backend", required=True, help="URL of the test server, to which servers pass uploads on")
    parser.add_argument("--dir", default="build/peers", help="where configurations, certificates and logs go")
    parser.add_argument("--venv", default="build/peers-venv", help="where the peers from PyPI are installed")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all of them, or of: {' '.join(PEERS)}")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(PEERS)
    if unknown:
        parser.error(f"no such peers: {' '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    folder, temporary = new_folder(arguments.dir)
    running = {}
    try:
        site = Site(folder, pathlib.Path(arguments.venv).resolve(), arguments.backend)
        missing = start(arguments.names or PEERS, site, running)
        print(json.dumps({
            "peers": {name: peer.ports for name, peer in running.items()},
            "missing": missing,
            "certificates": str(site.certificates),
            "files": str(site.files),
            "user": USER,
            "password": PASSWORD,
        }), flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    finally:
        end(running)
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
