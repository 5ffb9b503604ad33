"""An evidence package: events, seals and signed checkpoints with a verifier that needs nothing but Python."""

import io
import json
import zipfile
from pathlib import Path

from portal.accounts.models import User
from portal.audit import queries
from portal.audit.models import Checkpoint, Event, midnight
from portal.crypto import provider

HERE = Path(__file__).parent


def package(*, at, since=None, until=None) -> tuple[bytes, int]:
    """Every chain's links of these days without a gap, as a zip, and how many they are."""
    return packed(*_between(since, until), at=at)


def packed(where: str, values: dict, *, at) -> tuple[bytes, int]:
    """Some links with everything that proves them, as a zip, and how many they are."""
    body, count = io.BytesIO(), 0
    actors, organizations = set(), set()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("events.jsonl", "w") as out:
            for link in queries.links(where, values):
                event = json.loads(link.canonical) if link.canonical else {}
                actors.add(event.get("actor"))
                organizations.add(event.get("organization"))
                row = {
                    "chain": link.chain,
                    "position": link.position,
                    "previous": link.previous,
                    "digest": link.digest,
                    "event_id": link.event_id,
                    "canonical": link.canonical,
                }
                out.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
                count += 1
        checkpoints = list(Checkpoint.objects.order_by("number"))
        lines = (json.dumps(checkpoint.as_json(), ensure_ascii=False) for checkpoint in checkpoints)
        archive.writestr("checkpoints.jsonl", "\n".join(lines))
        keys = {
            c.key_id: provider().public_key(c.key_id) for c in checkpoints if c.key_id in provider().key_ids()
        }
        archive.writestr("public_keys.json", json.dumps(keys, indent=1))
        archive.writestr(
            "names.json", json.dumps(_names(actors, organizations), ensure_ascii=False, indent=1)
        )
        archive.writestr("chain.py", (HERE / "chain.py").read_text())
        archive.writestr("verify.py", (HERE / "verify_evidence.py").read_text())
        archive.writestr("README.txt", README.format(at=at.isoformat(), count=count))
    return body.getvalue(), count


def _between(since, until) -> tuple[str, dict]:
    """From the first to the last link of these days in each chain: nothing between them is left out."""
    if not (since or until):
        return "", {}
    return (
        "JOIN (SELECT s.chain, min(s.position) AS first, max(s.position) AS last FROM portal_seal s"
        " JOIN portal_event e ON e.id = s.event_id"
        " WHERE e.happened_at >= coalesce(%(since)s, '-infinity'::timestamptz)"
        " AND e.happened_at < coalesce(%(until)s, 'infinity'::timestamptz)"
        " GROUP BY s.chain) wanted"
        " ON wanted.chain = seal.chain AND seal.position BETWEEN wanted.first AND wanted.last",
        {"since": since and midnight(since), "until": until and midnight(until, days=1)},
    )


def _names(actors, organizations) -> dict:
    """Who the numbers in the events are."""
    people = User.objects.filter(id__in=actors - {None})
    events = Event.objects.filter(organization_id__in=organizations - {None}).order_by()
    firms = events.values_list("organization_id", "organization__code", "organization__name").distinct()
    return {
        "actors": {person.id: [person.username, person.get_full_name()] for person in people},
        "organizations": {number: [code, name] for number, code, name in firms},
    }


README = """\
审计证据包 / Audit evidence package
{at} · {count} events

  python3 verify.py

校验只需 Python 3.11 及带 SM3 的 OpenSSL，不需要安装任何软件，也不需要联网。
Verifying needs Python 3.11 with an OpenSSL that knows SM3; nothing to install, no network.

events.jsonl       每行一环：链名、位置、上一环摘要、本环摘要、事件原文 / one link per line with the event's canonical text
checkpoints.jsonl  每小时签名的检查点 / hourly signed checkpoints (Ed25519)
public_keys.json   验签公钥；请与平台公布的公钥核对 / public keys; compare them with those the platform publishes
names.json         事件中编号对应的人员与单位 / who the numbers in the events are
chain.py           平台自身使用的校验代码 / the code that the platform itself verifies with

摘要 = SM3（上一环摘要 + 事件原文）。digest = SM3(previous digest + canonical text).
"""
