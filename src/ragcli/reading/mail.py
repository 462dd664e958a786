"""E-mail: headers and the text that its reader was meant to see; attachments are its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import count, islice
from pathlib import PurePath

from ragcli.domain import Document, Problem
from ragcli.errors import Unreadable
from ragcli.reading import mime
from ragcli.reading.extracted import TextBuilder, clean, metadata_value, one_line
from ragcli.reading.mime import Entity
from ragcli.reading.parts import Part

_HEADERS = ("From", "To", "Cc", "Date")
# Others that make a file a mail: RFC 5322, and what the servers on its way put in front.
_USUAL = frozenset(
    b"from to cc date subject message-id received return-path delivered-to mime-version reply-to"
    b" sender content-type x-mailer in-reply-to references list-id dkim-signature status".split()
)
_TELLING = frozenset(b"from date received return-path message-id".split())
# Mails of people have a few entities, digests hundreds.
MAX_ENTITIES = 20_000
# Below this share of the other's letters an alternative is a stub: "see the HTML version".
_STUB_SHARE = 0.8

_SIGNATURES = frozenset(
    ["application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"]
)
_PKCS7 = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_PGP_TEXT = "-----BEGIN PGP MESSAGE-----"
_DECRYPT = "save it decrypted from your mail program"
_TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
_TNEF = Problem(
    "unsupported",
    "attachments in Outlook's own packing (TNEF)",
    "open the mail in Outlook and save them, or have it sent as HTML or plain text",
)
_NESTED = ("message/rfc822", "message/global")
_TEXTS_OF_REPORTS = ("message/delivery-status", "message/disposition-notification")

_PAGE_CHARSET = re.compile(rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_QUOTED = re.compile(r" ?>")
# What mail programs write above the mail that they answer or forward.
_ABOVE_QUOTED = re.compile(
    r"-{2,}\s*(?:original message|forwarded message|原始邮件|原始郵件|转发邮件|轉寄郵件)\s*-{2,}"
    r"|on\b.{5,200}\bwrote:|.{3,200}(?:写道|寫道)\s*[:：]|begin forwarded message:|_{20,}",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\r?\n[ \t]")


def read(data: bytes, path: PurePath) -> Document:
    """A message without its attachments. Raises Unreadable (``encrypted``)."""
    message = mime.parse(_message(data))
    content = _content(message)
    builder = TextBuilder()
    subject = _value(message, "subject")
    if subject:
        builder.add("heading", f"Subject: {subject}", level=1, title=subject)
    values = {name: _value(message, name.lower()) for name in _HEADERS}
    values["Attachments"] = ", ".join(_shown(entity) for entity in content.attachments)
    for name, value in values.items():
        if value:
            builder.add("paragraph", f"{name}: {value}", group="headers")
    for text in content.texts:
        _add(builder, text)
    if content.encrypted_with and not content.texts:
        raise Unreadable("encrypted", f"encrypted with {content.encrypted_with}", _DECRYPT)
    return Document(
        text=builder.text,
        format="mail",
        blocks=builder.blocks,
        title=subject or None,
        date=_date(message),
        metadata={
            name.lower(): metadata_value(values[name]) for name in _HEADERS[:3] if values[name]
        },
        problems=tuple(_problems(content)),
    )


def _problems(content: _Content) -> Iterator[Problem]:
    if content.encrypted_with:
        yield Problem("encrypted", f"a part is encrypted with {content.encrypted_with}", _DECRYPT)
    if next(content.entities) > MAX_ENTITIES:
        yield Problem("too_large", f"more than {MAX_ENTITIES:,} parts: the rest was left out")


def parts(data: bytes, path: PurePath) -> Iterator[Part]:
    """The attachments, attached messages among them. Raises nothing."""
    message = mime.parse(_message(data))
    mtime_ns = _sent_ns(message)
    for entity in _content(message).attachments:
        yield Part(
            f"{entity.number}/{entity.name}",
            entity.data,
            mtime_ns,
            "mail" if entity.type in _NESTED else None,
            _TNEF if entity.type in _TNEF_TYPES else None,
        )


def looks_like_mail(head: bytes) -> bool:
    """The beginning of a file is headers as mails have them."""
    block = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    names = set()
    for number, line in enumerate(block.split(b"\n")):
        name, colon, _ = line.partition(b":")
        if not number and line.startswith((b"From ", b">From ")):
            continue
        if line[:1] in (b" ", b"\t"):
            continue
        if not colon or b" " in name:
            break
        names.add(name.lower())
    return len(names & _USUAL) >= 3 and len(names & _TELLING) >= 2


def _message(data: bytes) -> bytes:
    """The message in a file; Apple Mail's has its length in front, and a property list behind."""
    length, newline, rest = data.partition(b"\n")
    if newline and length.strip().isdigit() and len(length) < 16:
        return rest[: int(length)]
    return data


@dataclass(slots=True)
class _Content:
    """``texts`` are what is to be read, in their order; ``entities`` counts all there are."""

    texts: list[Entity] = field(default_factory=list)
    attachments: list[Entity] = field(default_factory=list)
    encrypted_with: str = ""
    entities: Iterator[int] = field(default_factory=count)


def _content(message: Entity) -> _Content:
    content = _Content()
    _gather(message, content, 0)
    # A message of one part: its section is number 1 (RFC 9051 6.4.5.1).
    content.attachments = [
        one if one.number else Entity("1", one.fields, one.content, one.body)
        for one in content.attachments
    ]
    return content


def _gather(entity: Entity, content: _Content, level: int) -> None:
    if next(content.entities) >= MAX_ENTITIES:
        return
    kind = entity.type
    if kind.startswith("multipart/") and level < mime.MAX_LEVELS:
        below = list(islice(mime.children(entity), MAX_ENTITIES))
        if kind == "multipart/encrypted" or _is_enveloped(entity):
            content.encrypted_with = "PGP" if "pgp" in entity.parameter("protocol") else "S/MIME"
        elif kind == "multipart/alternative" and below:
            _choose(below, content, level + 1)
        elif below:
            for child in below:
                _gather(child, content, level + 1)
        else:
            _take_text(entity, content)
    elif _is_enveloped(entity):
        content.encrypted_with = "S/MIME"
    elif kind in _SIGNATURES or kind == "message/external-body":
        pass
    elif entity.is_attached or (entity.filename and not _is_bare_text(entity)):
        content.attachments.append(entity)
    elif kind.startswith(("text/", "multipart/")) or kind in _TEXTS_OF_REPORTS:
        _take_text(entity, content)
    elif entity.body.strip():
        content.attachments.append(entity)


def _is_enveloped(entity: Entity) -> bool:
    """S/MIME that hides its content; what is only signed can be read by those who look into it."""
    return entity.type in _PKCS7 and entity.parameter("smime-type") != "signed-data"


def _is_bare_text(entity: Entity) -> bool:
    """A calendar's name does not make it less a part of what is read."""
    return entity.type == "text/calendar"


def _take_text(entity: Entity, content: _Content) -> None:
    if entity.type == "text/plain" and entity.body.lstrip().startswith(_PGP_TEXT.encode()):
        content.encrypted_with = "PGP"
    elif entity.body.strip():
        content.texts.append(entity)


def _choose(alternatives: list[Entity], content: _Content, level: int) -> None:
    """Of the same text twice the richer one: plain text, unless it is a stub; and what comes
    along: invitations, the pictures of a page."""
    gathered = []
    for one in alternatives:
        inner = _Content(entities=content.entities)
        _gather(one, inner, level)
        gathered.append(inner)
        content.attachments += inner.attachments
        content.encrypted_with = content.encrypted_with or inner.encrypted_with
    extra = [t for inner in gathered for t in inner.texts if t.type == "text/calendar"]
    texts = [[t for t in inner.texts if t.type != "text/calendar"] for inner in gathered]
    sized = [(sum(_letters(t) for t in one), one) for one in texts if one]
    if sized:
        most = max(size for size, _ in sized)
        good = [one for size, one in sized if size >= _STUB_SHARE * most]
        content.texts += good[0]
    content.texts += extra


def _letters(entity: Entity) -> int:
    builder = TextBuilder()
    _add(builder, entity)
    return sum(not c.isspace() and c != ">" for c in builder.text)


def _add(builder: TextBuilder, entity: Entity) -> None:
    """The text of a body, as blocks."""
    if entity.type == "text/html":
        _add_page(builder, entity)
    elif entity.type == "text/calendar":
        text = _FOLD.sub("", entity.text()).replace("\\n", "\n").replace("\\,", ",")
        builder.add("paragraph", clean(text).strip())
    else:
        text = clean(entity.text())
        if entity.parameter("format") == "flowed":
            text = _unflowed(text, entity.parameter("delsp") == "yes")
        _add_plain(builder, text)


def _add_page(builder: TextBuilder, entity: Entity) -> None:
    from ragcli.reading import html

    data = entity.data()
    declared = _PAGE_CHARSET.search(data[: html.CHARSET_BYTES])
    charset = entity.charset or (declared[1].decode("ascii") if declared else None)
    page = html.visible(mime.decode_text(data, charset))
    for block in page.blocks:
        piece = page.text[block.char_start : block.char_end]
        level = block.level + 1 if block.level else 0
        builder.add(block.kind, piece, level=level, title=block.title)


def _add_plain(builder: TextBuilder, text: str) -> None:
    """Paragraphs; what is quoted, and a signature, are blocks of their own."""
    lines: list[str] = []
    quoted = False
    for line in [*text.split("\n"), ""]:
        is_quoted = bool(_QUOTED.match(line))
        starts = line == "-- " or bool(_ABOVE_QUOTED.fullmatch(line.strip()[:300]))
        if lines and (not line.strip() or starts or is_quoted != quoted):
            builder.add("paragraph", "\n".join(lines).rstrip())
            lines = []
        if line.strip():
            lines.append(line.rstrip())
        quoted = is_quoted


def _unflowed(text: str, delete_space: bool) -> str:
    """RFC 3676: a line that ends in a space goes on in the next of the same depth."""
    out: list[tuple[str, list[str]]] = []
    flows = False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = ">" * (len(line) - len(content))
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        if flows and out[-1][0] == depth and not is_signature:
            out[-1][1].append(content)
        else:
            out.append((depth, [content]))
        flows = content.endswith(" ") and not is_signature
        if flows and delete_space:
            out[-1][1][-1] = content[:-1]
    return "\n".join(f"{depth} {''.join(c)}" if depth else "".join(c) for depth, c in out)


def _value(message: Entity, name: str) -> str:
    return one_line(mime.decode_words(message.field(name)))


def _shown(entity: Entity) -> str:
    return one_line(entity.name)


def _date(message: Entity) -> str | None:
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        return parsedate_to_datetime(message.field("date")).isoformat()
    return None


def _sent_ns(message: Entity) -> int | None:
    with suppress(ValueError, TypeError, IndexError, OverflowError, OSError):
        return int(parsedate_to_datetime(message.field("date")).timestamp()) * 10**9
    return None
