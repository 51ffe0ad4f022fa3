"""Whatever arrives, the door returns a document or refuses it by name; never anything else."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.error_catalogue import CATALOGUE, Family
from domain.errors import DocumentRejected
from worker.messages import Message, canonical, content_hash, decode, encode, key_of, read_key
from worker.messages.examples import EXAMPLES

WEIRD = st.sampled_from(
    ["", " ", "\0", "\x7f", "é", "\u202e", "\U0001f600", "\ufeff", "1e999", "NaN", "-0", "2024-13-01", "*", "x" * 141]
)
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**30, 10**4200, -(10**18), 1e308, 5e-324, 0.1, 1.0000001])
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8), WEIRD)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["type", "item", "qty", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def decoded(raw: bytes) -> Message | DocumentRejected:
    """The message, or why it is refused."""
    try:
        return decode(raw)
    except DocumentRejected as refused:
        return refused


def judge(raw: bytes) -> Message | None:
    """Decode, and check that a refusal says what the contract promises."""
    message = decoded(raw)
    if isinstance(message, DocumentRejected):
        assert CATALOGUE[message.code].family is Family.REJECTED
        assert message.message
        json.dumps(message.as_outcome())
        read_key(raw)
        canonical(raw)
        return None
    assert decode(encode(message)) == message
    assert canonical(encode(message)) == canonical(raw)
    assert read_key(raw) == key_of(message)
    return message


def write(content: object) -> bytes:
    """JSON as a careless publisher writes it: NaN and half surrogates included."""
    return _digits(content).encode("utf-8", "surrogatepass")


def _digits(content: object) -> str:
    if isinstance(content, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_digits(inner)}" for name, inner in content.items()) + "}"
    if isinstance(content, list):
        return "[" + ",".join(map(_digits, content)) + "]"
    if isinstance(content, int) and abs(content) > 10**4000:
        return "1" + "0" * 5000
    return json.dumps(content, ensure_ascii=False)


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    judge(raw)


@given(VALUES)
def test_any_json(content: object) -> None:
    judge(write(content))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, element in inner for place in _places(element, (*path, step)))]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid example with one place replaced, removed, or given a stranger."""
    content = json.loads(json.dumps(EXAMPLES[draw(st.sampled_from(sorted(EXAMPLES)))]))
    place = draw(st.sampled_from(_places(content)[1:]))
    holder = content
    for step in place[:-1]:
        holder = holder[step]
    match draw(st.sampled_from(["replace", "replace", "remove", "add"])):
        case "replace":
            holder[place[-1]] = draw(VALUES)
        case "remove":
            del holder[place[-1]]
        case _ if isinstance(holder, dict):
            holder[draw(st.text(max_size=5))] = draw(VALUES)
        case _:
            holder.append(draw(VALUES))
    return write(content)


@given(mutated())
def test_a_valid_document_with_one_change(raw: bytes) -> None:
    judge(raw)


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_a_valid_document_with_one_byte_changed(kind: str, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(EXAMPLES[kind]).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    judge(bytes(raw))


@given(st.integers(1, 100_000), st.sampled_from([b"[", b'{"a":', b'{"type":', b'{"lines":[']), st.booleans())
def test_nesting(depth: int, opening: bytes, in_a_document: bool) -> None:
    nested = opening * depth
    assert judge(b'{"type":"cancel","company":"A","number":"1","target":' + nested if in_a_document else nested) is None


@given(st.text(min_size=1, max_size=140))
def test_any_name_is_kept_as_it_came_or_refused(name: str) -> None:
    raw = write({**EXAMPLES["delivery_note"], "number": name})
    message = judge(raw)
    if message is not None:
        assert key_of(message).number == name
    assert content_hash(raw) == content_hash(bytes(raw))
