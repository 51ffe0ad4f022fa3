"""What a process counts while it works, for Prometheus. What the books themselves can tell is read from them instead."""

from prometheus_client import Counter, Gauge, Histogram

TASKS = Counter("perpetua_tasks", "Tasks by how they ended.", ["task", "state"])
TASK_SECONDS = Histogram("perpetua_task_seconds", "Seconds that tasks took.", ["task"])

DECIDED = Counter("perpetua_documents_decided", "Documents by what became of them, as it happened.", ["type", "status"])
WAIT_SECONDS = Histogram(
    "perpetua_document_wait_seconds",
    "Seconds from a document's acceptance to its posting.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)

INTAKE_ACTIVE = Gauge("perpetua_intake_active", "1 where this intake is the one that reads the stream.")
INTAKE_MESSAGES = Counter("perpetua_intake_messages", "Messages taken from the stream and acknowledged.")
INTAKE_FAILURES = Counter("perpetua_intake_failures", "Times that the intake had to wait because a server was away.")
BARRED = Counter(
    "perpetua_messages_barred", "Messages refused for who sent them, by the code of the refusal.", ["code"]
)
