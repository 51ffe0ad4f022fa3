"""A certificate authority of a test, and a server's certificate that it signed."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import require_tool
from worker.embedded.account import Account


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: whom to believe, and what a server on loopback shows."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, name: str = "ours") -> Certificates:
    """Make both in a folder; the server's account can read its key, and nobody else."""
    openssl = require_tool("openssl", shutil.which("openssl"))
    made = Certificates(*(folder / f"{name}-{part}.pem" for part in ("authority", "server", "server-key")))
    signing = folder / f"{name}-authority-key.pem"
    for arguments in (
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
         "-keyout", signing, "-out", made.authority],
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-CA", made.authority, "-CAkey", signing, "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", made.key, "-out", made.certificate],
    ):  # fmt: skip
        subprocess.run([openssl, *map(str, arguments)], check=True, capture_output=True)
    for file in (made.authority, made.certificate, made.key):
        Account.current().own(file)
    made.key.chmod(0o600)
    return made
