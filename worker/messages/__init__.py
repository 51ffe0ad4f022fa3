"""Messages in, documents out: reading, refusing, writing and describing the contract."""

from worker.messages.decode import DOCUMENT_TYPES, MASTER_TYPES, MAX_BYTES, Message, decode, decode_accepted
from worker.messages.encode import encode, encode_outcome
from worker.messages.identity import Key, canonical, content_hash, key_of, read_key

__all__ = [
    "DOCUMENT_TYPES",
    "MASTER_TYPES",
    "MAX_BYTES",
    "Key",
    "Message",
    "canonical",
    "content_hash",
    "decode",
    "decode_accepted",
    "encode",
    "encode_outcome",
    "key_of",
    "read_key",
]
