"""Which address shows or does what."""

from __future__ import annotations

from typing import Final

from worker.desk import (
    activity,
    documents,
    editing,
    ledgers,
    periods,
    previews,
    publishers,
    reconciliation,
    reposts,
    schedule,
    signing_in,
    tills,
)
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
    (_COMPANY + r"/ledgers", ledgers.Ledgers),
    (_COMPANY + r"/ledgers/(\d{1,18})", ledgers.VoucherView),
    (_COMPANY + r"/periods", periods.Periods),
    (_COMPANY + r"/periods/set", periods.SetPeriod),
    (_COMPANY + r"/reposts", reposts.Reposts),
    (_COMPANY + r"/reposts/pause", reposts.Pause),
    (_COMPANY + r"/reposts/resume", reposts.Resume),
    (_COMPANY + r"/reposts/rank", reposts.Rank),
    (_COMPANY + r"/reposts/retry", reposts.Retry),
    (_COMPANY + r"/reposts/preview", reposts.Preview),
    (_COMPANY + r"/reposts/decide", previews.Decide),
    (_COMPANY + r"/tills", tills.Tills),
    (_COMPANY + r"/tills/close", tills.CloseTill),
    (_COMPANY + r"/tills/(\d{1,18})", tills.Certificate),
    (_COMPANY + r"/tills/(\d{1,18})/file", tills.CertificateFile),
    (_COMPANY + r"/reconciliation", reconciliation.ReconciliationPage),
    (_COMPANY + r"/reconciliation/look", reconciliation.LookNow),
    (_COMPANY + r"/reconciliation/accept/(\d{1,18})", reconciliation.CreateJournalEntry),
    (_COMPANY + r"/schedule", schedule.Schedule),
    (_COMPANY + r"/publishers", publishers.PublishersPage),
    (_COMPANY + r"/publishers/refused", publishers.RefusedPage),
    (_COMPANY + r"/publishers/refused/([0-9a-f]{64})", publishers.RefusedFile),
    (_COMPANY + r"/publishers/revoke", publishers.Revoke),
    (_COMPANY + r"/publishers/retire", publishers.RetireKey),
    (_COMPANY + r"/schedule/send/(\d{1,18})", schedule.SendAgain),
    (_COMPANY + r"/activity", activity.Activity),
]
