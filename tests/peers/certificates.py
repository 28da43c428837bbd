"""The certificates that peers show and ask for, made anew by the openssl command: `generate(folder)`.

Two authorities: `ca.pem`, which clients are told to trust, and `other-ca.pem`, which nobody trusts. An intermediate
stands between `ca.pem` and the servers' certificates. For each NAME of `SERVERS` there are `NAME.pem`, the chain that a
server sends, and `NAME.key`. `client*` is what a client shows; its keys come in every form in which people keep keys.
"""

import datetime
import pathlib
import subprocess

PASSWORD = "secret"
HOSTS = "DNS:localhost,DNS:peers.example,IP:127.0.0.1,IP:::1"

CONFIG = """\
[ca]
default_ca = issuer
[issuer]
database = $dir/index
serial = $dir/serial
new_certs_dir = $dir/issued
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[req]
prompt = no
distinguished_name = subject
[subject]
CN = placeholder
"""

AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\n"

EC = ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("RSA", "-pkeyopt", "rsa_keygen_bits:2048")
WEAK_RSA = ("RSA", "-pkeyopt", "rsa_keygen_bits:1024")

# Days from now: of its first and of its last moment.
VALID = (-1, 30)
EXPIRED = (-30, -1)
NOT_YET_VALID = (10, 30)

# name: (key, names, validity, issuer, what the server sends behind it)
SERVERS = {
    "server": (EC, HOSTS, VALID, "intermediate", ["intermediate"]),
    "server-rsa": (RSA, HOSTS, VALID, "intermediate", ["intermediate"]),
    "issued-by-root": (EC, HOSTS, VALID, "ca", []),
    "expired": (EC, HOSTS, EXPIRED, "intermediate", ["intermediate"]),
    "not-yet-valid": (EC, HOSTS, NOT_YET_VALID, "intermediate", ["intermediate"]),
    "wrong-host": (EC, "DNS:elsewhere.example,IP:192.0.2.1", VALID, "intermediate", ["intermediate"]),
    "no-san": (EC, None, VALID, "intermediate", ["intermediate"]),
    "untrusted-root": (EC, HOSTS, VALID, "other-ca", ["other-ca"]),
    "ip-san": (EC, "IP:127.0.0.1", VALID, "intermediate", ["intermediate"]),
    "wildcard": (EC, "DNS:*.peers.example", VALID, "intermediate", ["intermediate"]),
    "weak-rsa": (WEAK_RSA, HOSTS, VALID, "intermediate", ["intermediate"]),
    "missing-intermediate": (EC, HOSTS, VALID, "intermediate", []),
}


class Authority:
    """Runs openssl in one folder. `openssl ca` issues every certificate: it alone can date one into the past."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "issued").mkdir(parents=True)
        (self.folder / "index").touch()
        (self.folder / "serial").write_text("01\n")
        (self.folder / "openssl.cnf").write_text(CONFIG.replace("$dir", str(self.folder)))

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stdout}")

    def key(self, name, kind):
        self.openssl("genpkey", "-algorithm", *kind, "-out", f"{name}.key")
        (self.folder / f"{name}.key").chmod(0o644)  # servers read it when they have given up being root

    def certificate(self, name, kind, extensions, validity=VALID, issuer=None, subject=None):
        """`issuer` is None for one that signs itself."""
        self.key(name, kind)
        self.openssl("req", "-new", "-config", "openssl.cnf", "-key", f"{name}.key", "-subj", f"/CN={subject or name}",
                     "-out", f"{name}.csr")
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days)).strftime("%Y%m%d%H%M%SZ") for days in validity)
        (self.folder / "extensions").write_text(extensions)
        signer = ["-selfsign", "-keyfile", f"{name}.key"] if issuer is None else [
            "-cert", f"{issuer}.pem", "-keyfile", f"{issuer}.key"]
        self.openssl("ca", "-batch", "-notext", "-config", "openssl.cnf", *signer, "-startdate", start, "-enddate", end,
                     "-extfile", "extensions", "-in", f"{name}.csr", "-out", f"{name}.pem")

    def join(self, out, *parts):
        (self.folder / out).write_text("".join((self.folder / part).read_text() for part in parts))


def server(authority, name, kind, names, validity, issuer, behind):
    extensions = LEAF + "extendedKeyUsage=serverAuth\n" + (f"subjectAltName={names}\n" if names else "")
    # Without names of its own, its subject is one that a careless client would take.
    authority.certificate(name, kind, extensions, validity, issuer, subject=None if names else "localhost")
    authority.join(f"{name}.pem", f"{name}.pem", *(f"{other}.pem" for other in behind))


def client(authority, name, kind, issuer):
    """Its key as PKCS#8, PKCS#8 encrypted, in its own format, and that encrypted in the two ways that are still met."""
    authority.certificate(name, kind, LEAF + "extendedKeyUsage=clientAuth\n", issuer=issuer)
    plain = f"{name}.key"
    password = ("-passout", f"pass:{PASSWORD}")
    authority.openssl("pkcs8", "-topk8", "-in", plain, "-v2", "aes-256-cbc", *password, "-out", f"{name}.pkcs8-aes.key")
    authority.openssl("pkey", "-in", plain, "-traditional", "-out", f"{name}.legacy.key")
    for cipher, suffix in (("-aes256", "aes"), ("-des3", "des3")):
        authority.openssl("pkey", "-in", plain, "-traditional", cipher, *password,
                          "-out", f"{name}.legacy-{suffix}.key")
    authority.join(f"{name}.combined.pem", f"{name}.pem", plain)
    authority.join(f"{name}.combined-encrypted.pem", f"{name}.pem", f"{name}.legacy-aes.key")


def generate(folder):
    authority = Authority(folder)
    authority.certificate("ca", EC, AUTHORITY, validity=(-40, 365))
    authority.certificate("other-ca", EC, AUTHORITY, validity=(-40, 365))
    authority.certificate("intermediate", EC, AUTHORITY, validity=(-35, 365), issuer="ca")
    for name, facts in SERVERS.items():
        server(authority, name, *facts)
    # What `openssl req -x509` makes is an authority too; some take care that it is not.
    names = f"subjectAltName={HOSTS}\n"
    authority.certificate("self-signed", EC, "basicConstraints=critical,CA:TRUE\n" + names)
    authority.certificate("self-signed-leaf", EC, LEAF + names)
    client(authority, "client-rsa", RSA, "ca")
    client(authority, "client-ec", EC, "ca")
    client(authority, "client-unknown", EC, "other-ca")
