"""Which address shows or does what."""

from __future__ import annotations

from typing import Final

from worker.desk import documents, editing, signing_in
from worker.desk.metrics import Metrics
from worker.desk.start import Start

_COMPANY: Final = r"/desk/(\d{1,9})"
_DOCUMENT: Final = _COMPANY + r"/documents/(\d{1,18})"

HANDLERS: Final = [
    (r"/login/?", signing_in.LogIn),
    (r"/logout", signing_in.LogOut),
    (r"/metrics", Metrics),
    (r"/desk(?:/([a-z]*))?", Start),
    (_COMPANY + r"/documents", documents.Documents),
    (_COMPANY + r"/documents/release", documents.ReleaseMany),
    (_COMPANY + r"/documents/by-key/([a-z_]+)/([^/]+)", documents.DocumentByKey),
    (_DOCUMENT, documents.DocumentView),
    (_DOCUMENT + r"/retry", documents.Retry),
    (_DOCUMENT + r"/cancel", documents.Cancel),
    (_DOCUMENT + r"/edit", editing.Edit),
    (_DOCUMENT + r"/dry-run", editing.DryRun),
    (_DOCUMENT + r"/save", editing.SaveRevision),
]
