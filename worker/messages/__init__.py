"""Messages in, documents out: reading, refusing, writing and describing the contract."""

from worker.messages.decode import (
    DOCUMENT_TYPES,
    MASTER_TYPES,
    MAX_BYTES,
    Message,
    decode,
    decode_accepted,
    decode_master,
    plain,
)
from worker.messages.encode import encode, encode_outcome
from worker.messages.identity import Key, asks_preview, canonical, content_hash, key_of, read_key
from worker.messages.preview import asking_preview, on_day, without_preview

__all__ = [
    "DOCUMENT_TYPES",
    "MASTER_TYPES",
    "MAX_BYTES",
    "Key",
    "Message",
    "asking_preview",
    "asks_preview",
    "canonical",
    "content_hash",
    "decode",
    "decode_accepted",
    "decode_master",
    "encode",
    "encode_outcome",
    "key_of",
    "on_day",
    "plain",
    "read_key",
    "without_preview",
]
