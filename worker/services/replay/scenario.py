"""Scenario files: a short story of documents, with its settings as shorthand for masters.

`read` takes a JSON or YAML file; numbers stay text from the file to the decoder, so nothing passes through binary floats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from domain.documents.pos import PosClosing, PosInvoice, PosOpening
from domain.masters import Batch, Company, Item, PosProfile, Warehouse
from domain.shape import Shape
from worker.messages.text import is_name
from worker.services.replay.accounts import accounts_named
from worker.services.replay.loose import mapping, objects, text

Json = dict[str, Any]

DEFAULT_CURRENCY: Final = "INR"  # the manual's own; documents in another currency then state their exchange rate
DEFAULT_PROFILE: Final = "POS"

_COMPANY_FIELDS: Final = frozenset(Company.__struct_fields__) - {"name", "company", "schema", "actor"}
_READERS_ONLY: Final = ("note", "expect_error", "compute_only")
# What a source system calls a setting of the company.
_ALSO_CALLED: Final = {"float_precision": "quantity_precision"}
_PARTY: Final = {
    "purchase_receipt": ("supplier", "Supplier"),
    "purchase_invoice": ("supplier", "Supplier"),
    "delivery_note": ("customer", "Customer"),
    "sales_invoice": ("customer", "Customer"),
    "purchase_order": ("party", "Supplier"),
    "sales_order": ("party", "Customer"),
}
_AT_A_TILL: Final = frozenset(shape.__struct_config__.tag for shape in (PosOpening, PosInvoice, PosClosing))
_YAML: Final = frozenset({".yaml", ".yml"})
_DAY: Final = re.compile(r"(\d{4})-\d\d-\d\d")
# Plural settings that spell out masters by name beside the contract's own `items` and `warehouses`.
_SPELLED_OUT: Final = {
    "accounts": "account",
    "cost_centers": "cost_center",
    "item_groups": "item_group",
    "batches": "batch",
    "customers": "customer",
    "suppliers": "supplier",
    "accounting_periods": "accounting_period",
}


class ScenarioError(ValueError):
    """A scenario that cannot be read; the one-line message names the file, or the scenario, and what to mend."""


@dataclass(frozen=True, slots=True)
class Step:
    """One document of the story, ready to submit; `compute_only` is checked and computed, and posts nothing."""

    document: Json
    compute_only: bool = False

    @property
    def number(self) -> str:
        """The document's number, empty where the story leaves it out."""
        return str(self.document.get("number", ""))

    @property
    def type(self) -> str:
        """The document's type, empty where the story leaves it out."""
        return str(self.document.get("type", ""))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story to replay: its masters, then its documents in order, all in one company of its own."""

    id: str
    company: str
    masters: list[Json]
    steps: list[Step]
    expect: Json = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read(path: Path) -> Json:
    """The scenario object in a JSON or YAML file. Errors: ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        story = _yaml(text) if path.suffix in _YAML else json.loads(text, parse_float=str, parse_constant=str)
        msgspec.json.encode(story)  # half a character, as an escape can spell it, is nothing that a message could carry
    except OSError as error:
        raise ScenarioError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        form = "YAML" if path.suffix in _YAML else "JSON"
        raise ScenarioError(f"{path} can't be read as {form}: {' '.join(str(error).split())}") from error
    if not isinstance(story, dict) or not isinstance(story.get("documents"), list):
        raise ScenarioError(f"{path}: a scenario is an object with id, settings and a list of documents")
    if story.get("id") is None:
        story["id"] = path.stem
    return story


def understand(story: Mapping[str, Any], company: str) -> Scenario:
    """A story as masters and documents of the company named. Errors: ScenarioError."""
    warnings: list[str] = []
    settings = _settings(story, warnings)
    documents: list[Json] = [dict(document) for document in objects(story["documents"])]
    if len(documents) < len(story["documents"]):
        raise ScenarioError(f"scenario {story['id']}: every document is an object with a type")
    stated = {str(document["company"]) for document in documents if "company" in document}
    if len(stated) > 1:
        raise ScenarioError(f"scenario {story['id']} names the companies {', '.join(sorted(stated))}: it plays in one")
    masters = list(_masters(settings, documents, company, warnings))
    for name in accounts_named(settings, documents):
        masters.insert(1, {"type": "account", "company": company, **name})
    profile = _profile_name(settings)
    rates = mapping(settings.get("exchange_rates"))
    currency = masters[0]["currency"]
    steps = [
        Step(_filled(document, company, profile, currency, rates), bool(document.get("compute_only")))
        for document in documents
    ]
    return Scenario(str(story["id"]), company, masters, steps, mapping(story.get("expect")), warnings)


def _settings(story: Mapping[str, Any], warnings: list[str]) -> Json:
    """The settings, of which those that spell out masters name them. Errors: ScenarioError."""
    stated = story.get("settings")
    if stated is not None and not isinstance(stated, dict):
        raise ScenarioError(f"scenario {story['id']}: settings is an object")
    settings: Json = dict(mapping(stated))
    for place in ("items", "warehouses", *_SPELLED_OUT):
        named = settings.get(place)
        if isinstance(named, list) and all(isinstance(name, str) for name in named):
            settings[place] = dict.fromkeys(named)
        elif named is not None and not isinstance(named, dict):
            raise ScenarioError(f"scenario {story['id']}: settings.{place} is an object, each master under its name")
    said = {name: settings.get(name) for name in ("pos_profile", "exchange_rates")}
    for place in ("items", *_SPELLED_OUT):
        said |= {f"{place}.{name}": about for name, about in mapping(settings.get(place)).items()}
    warnings += [
        f"the setting {name} is no object and changes nothing"
        for name, about in said.items()
        if about is not None and not isinstance(about, dict)
    ]
    return settings


def _masters(settings: Json, documents: list[Json], company: str, warnings: list[str]) -> Iterator[Json]:
    own = {"company": company}
    yield _company(settings, company, warnings)
    for plural, kind in _SPELLED_OUT.items():
        for name, about in mapping(settings.get(plural)).items():
            yield {"type": kind, **own, "name": name, **mapping(about)}
    yield from _periods(documents, mapping(settings.get("accounting_periods")), own)
    for name, warehouse in (settings.get("warehouses") or {}).items():
        about = warehouse if isinstance(warehouse, dict) else {"account": warehouse} if warehouse else {}
        yield {"type": "warehouse", **own, "name": name, **_known(Warehouse, about, f"warehouses.{name}", warnings)}
    for code, item in (settings.get("items") or {}).items():
        about = dict(mapping(item))
        batches = about.pop("batches", None) or {}
        batches = dict.fromkeys(batches) if isinstance(batches, list) else mapping(batches)
        yield {"type": "item", **own, "code": code, **_known(Item, about, f"items.{code}", warnings)}
        for name, flags in batches.items():
            known = _known(Batch, mapping(flags), f"items.{code}.batches.{name}", warnings)
            yield {"type": "batch", **own, "name": name, "item": code, **known}
    if "pos_profile" in settings or any(text(document.get("type")) in _AT_A_TILL for document in documents):
        yield _profile(settings, documents, company, warnings)


def _periods(documents: list[Json], spelled_out: Json, own: Json) -> Iterator[Json]:
    """The periods that closings name and no setting spells out: each is the closing of the year up to its day."""
    closings = {
        text(document.get("period")): document for document in documents if document.get("type") == "period_closing"
    }
    for name, closing in closings.items():
        day = _DAY.match(text(closing.get("posting_datetime")))
        if is_name(name) and name not in spelled_out and day:
            yield {"type": "accounting_period", **own, "name": name, "start": f"{day[1]}-01-01", "end": day[0]}


def _known(shape: type[Shape], about: Json, place: str, warnings: list[str]) -> Json:
    """The fields that a master has; of others the reader is told that they change nothing, as of unknown settings."""
    unknown = [name for name in about if name not in shape.__struct_fields__]
    warnings += [f"the setting {place}.{name} is not known and changes nothing" for name in unknown]
    return {name: value for name, value in about.items() if name not in unknown}


def _company(settings: Json, company: str, warnings: list[str]) -> Json:
    master: Json = {"type": "company", "name": company, "currency": DEFAULT_CURRENCY}
    special = {
        "items", "warehouses", "pos_profile", "exchange_rates", "maintain_same_rate", "value_stock_at_invoice_rate",
        *_SPELLED_OUT,
    }  # fmt: skip
    for stated, value in settings.items():
        name = _ALSO_CALLED.get(stated, stated)
        if name in _COMPANY_FIELDS:
            master[name] = value
        elif name not in special:
            warnings.append(f"the setting {name} is not known and changes nothing")
    policy = _rate_difference(settings)
    if policy is not None:
        master.setdefault("rate_difference", policy)
    return master


def _rate_difference(settings: Json) -> str | None:
    if settings.get("maintain_same_rate"):
        return "refuse"
    at_invoice_rate = settings.get("value_stock_at_invoice_rate")
    if at_invoice_rate is None:
        return None
    return "revalue" if at_invoice_rate else "leave"


def _profile_name(settings: Json) -> str:
    return str(mapping(settings.get("pos_profile")).get("name", DEFAULT_PROFILE))


def _profile(settings: Json, documents: list[Json], company: str, warnings: list[str]) -> Json:
    profile = {
        "type": "pos_profile",
        "company": company,
        "name": DEFAULT_PROFILE,
        **_known(PosProfile, mapping(settings.get("pos_profile")), "pos_profile", warnings),
    }
    warehouses = list(settings.get("warehouses") or {})
    if warehouses:
        profile.setdefault("warehouse", warehouses[0])
    modes: dict[str, Json] = {}
    for document in documents:
        for payment in objects(document.get("payments")):
            mode, account = payment.get("mode"), payment.get("account")
            if is_name(mode):
                known = modes.setdefault(mode, {"mode": mode})
                if is_name(account):
                    known.setdefault("account", account)
    profile.setdefault("payment_modes", list(modes.values()))
    return profile


def _filled(document: Json, company: str, profile: str, currency: str, rates: Mapping[str, Any]) -> Json:
    filled = _without_notes(document)
    if isinstance(lines := filled.get("lines"), list):
        filled["lines"] = [_without_notes(line) if isinstance(line, dict) else line for line in lines]
    filled["company"] = company
    kind = text(document.get("type"))
    party = _PARTY.get(kind)
    if party is not None:
        filled.setdefault(*party)
    if kind == "payment_entry":
        pays_bill = any(str(one.get("type")).startswith("purchase") for one in objects(document.get("against")))
        filled.setdefault("party", "Supplier" if pays_bill else "Customer")
    if kind in _AT_A_TILL:
        filled.setdefault("pos_profile", profile)
    day = str(document.get("posting_datetime", ""))
    filled |= _rate_of(document, currency, rates, day)
    if isinstance(charges := document.get("charges"), list):
        filled["charges"] = [
            charge | _rate_of(charge, currency, rates, day) if isinstance(charge, dict) else charge
            for charge in charges
        ]
    return filled


def _rate_of(amounts: Json, currency: str, rates: Mapping[str, Any], day: str) -> Json:
    """The exchange rate that amounts in another currency leave out: set by its name, or by both (`USD/INR`)."""
    foreign = text(amounts.get("currency"))
    if not foreign or foreign == currency or "exchange_rate" in amounts:
        return {}
    pair = re.compile(rf"{re.escape(foreign)}(\W+(to\W+)?{re.escape(currency)})?", re.IGNORECASE)
    rate = next((rate for name, rate in rates.items() if pair.fullmatch(name)), None)
    return {} if rate is None else {"exchange_rate": _rate_on(rate, day)}


def _without_notes(told: Json) -> Json:
    """A document, or a line of it, without what is meant for the story's reader."""
    return {name: value for name, value in told.items() if name not in _READERS_ONLY}


def _rate_on(rate: Any, day: str) -> Any:
    """An exchange rate, or the one in force on a day where the setting gives a rate per date."""
    if not isinstance(rate, dict):
        return rate
    in_force = [since for since in sorted(rate) if since <= day]
    return rate[in_force[-1] if in_force else min(rate)]


def _yaml(text: str) -> Any:
    import yaml

    class Exact(yaml.SafeLoader):
        """YAML without its guesses about floats and dates: both stay the text that the file has."""

    Exact.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(text, Loader=Exact)  # noqa: S506 - a SafeLoader with fewer guesses
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
