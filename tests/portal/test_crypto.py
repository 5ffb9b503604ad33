"""What only the city may read: sealed to its place, found without opening, moved to new keys batch by batch."""

import hashlib
import stat

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value

from portal import crypto
from portal.accounts.models import User
from portal.crypto import DoesNotOpen, Signature, provider, rotation, seal, unseal
from portal.crypto.checks import keys_are_there
from portal.crypto.fields import UnsealedWrite, name_rows
from portal.crypto.software import SoftwareProvider, derived, new_key
from portal.entrance.sealing import PURPOSE as PURPOSE_OF_FACTORS
from portal.organizations.models import Organization
from portal.verification.models import Licence
from tests.city import PICTURE, apply_for_verification

PHONE = "13800001234"
PURPOSE = "portal_user.phone:1"


@pytest.fixture
def keys(settings, tmp_path):
    """A ring of its own, in a file that a rotation may write."""
    path = tmp_path / "keys"
    path.write_text(new_key()[1] + "\n")
    settings.CRYPTO_KEYS_FILE = str(path)
    return path


def in_the_column(user) -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, phone_index FROM portal_user WHERE id = %s", [user.id])
        return cursor.fetchone()


def person(number: int, phone=PHONE) -> User:
    return User.objects.create(username=f"p{number}", email=f"p{number}@example.com", phone=phone)


# --- the software keeper ------------------------------------------------------------------------------
def test_a_text_comes_back_and_never_looks_the_same_twice(keys):
    first, second = seal(PHONE, PURPOSE), seal(PHONE, PURPOSE)

    assert unseal(first, PURPOSE) == unseal(second, PURPOSE) == PHONE
    assert first != second
    assert first.startswith(provider().key_ids()[0] + ":") and PHONE not in first


def test_a_text_opens_only_where_it_was_put(keys):
    sealed = seal(PHONE, PURPOSE)

    for elsewhere in ("portal_user.phone:2", "portal_user.email:1", ""):
        with pytest.raises(DoesNotOpen):
            unseal(sealed, elsewhere)


@pytest.mark.parametrize(
    "spoiled", ["", "k", "k:", "nobody:AAAA", "{key}:AAAA", "{key}:%%%", "{key}:{short}"]
)
def test_what_is_no_sealed_text_does_not_open(keys, spoiled):
    key = provider().key_ids()[0]
    short = seal("", PURPOSE).partition(":")[2][:-8]

    with pytest.raises(DoesNotOpen):
        unseal(spoiled.format(key=key, short=short), PURPOSE)


def test_not_one_changed_letter_goes_unseen(keys):
    sealed = seal(PHONE, PURPOSE)
    start = sealed.index(":") + 1

    opened = []
    for place in range(start, len(sealed)):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        try:
            opened.append(unseal(changed, PURPOSE))
        except DoesNotOpen:
            continue

    assert opened == []


def test_sm4_and_sm3_are_the_standards_own():
    """GB/T 32907-2016 appendix A.1 and GB/T 32905-2016 appendix A.1, so that a cipher machine reads the same."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()

    assert (encryptor.update(block) + encryptor.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"
    assert (
        hashlib.new("sm3", b"abc").hexdigest()
        == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )


def test_each_use_has_a_key_of_its_own():
    secret = "5a" * 32

    assert len({derived(secret, use, 32) for use in ("encrypt", "mac", "sign")}) == 3


def test_a_signature_holds_for_its_message_and_key_alone(keys):
    signature = provider().sign(b"the heads of the chains")
    value = signature.value

    assert provider().verify(b"the heads of the chains", signature)
    assert not provider().verify(b"the tails of the chains", signature)
    assert not provider().verify(b"the heads of the chains", Signature("other", "Ed25519", value))
    assert not provider().verify(b"the heads of the chains", Signature(signature.key_id, "SM2", value))
    assert not provider().verify(b"the heads of the chains", Signature(signature.key_id, "Ed25519", "zz"))


def test_a_new_key_opens_what_the_old_one_sealed_and_old_signatures_hold(keys):
    sealed, signature = seal(PHONE, PURPOSE), provider().sign(b"x")
    old = provider().key_ids()[0]

    new = provider().rotate()

    assert provider().key_ids() == [new, old]
    assert unseal(sealed, PURPOSE) == PHONE and provider().verify(b"x", signature)
    assert seal(PHONE, PURPOSE).startswith(f"{new}:")
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "k1", "k1:abc", "K1:" + "0" * 64, "k1:" + "0" * 64 + " rest"])
def test_a_ring_that_cannot_be_read_is_said_at_once(settings, text):
    settings.CRYPTO_KEYS_FILE, settings.CRYPTO_KEYS = "", text

    with pytest.raises(ImproperlyConfigured):
        seal(PHONE, PURPOSE)


def test_a_city_without_keys_is_not_opened(settings):
    settings.CRYPTO_KEYS_FILE, settings.CRYPTO_KEYS = "", ""

    assert [problem.id for problem in keys_are_there(None)] == ["portal.E001"]


def test_keys_of_the_environment_are_changed_there(settings):
    settings.CRYPTO_KEYS_FILE, settings.CRYPTO_KEYS = "", "k1:" + "0" * 64

    with pytest.raises(ImproperlyConfigured, match="CRYPTO_KEYS"):
        provider().rotate()


class Machine(SoftwareProvider):
    """Another keeper, as a city with a cipher machine would name it."""

    def key_ids(self):
        return ["machine"]

    def encrypt(self, plain, associated):
        return f"machine:{plain.hex()}"


def test_a_city_may_name_another_keeper(settings):
    settings.CRYPTO_PROVIDER = "tests.portal.test_crypto.Machine"

    assert seal("a", PURPOSE) == "machine:61"
    assert isinstance(crypto.provider(), Machine)


# --- columns ------------------------------------------------------------------------------------------
def test_a_phone_number_lies_sealed_and_is_read_in_the_clear(db, keys):
    user = person(1)

    column, index = in_the_column(user)
    assert unseal(column, f"portal_user.phone:{user.id}") == PHONE
    assert PHONE not in column + index
    assert User.objects.get(id=user.id).phone == PHONE
    assert User.objects.values_list("phone", flat=True).get(id=user.id) == column


def test_no_phone_number_is_an_empty_column(db, keys):
    user = person(1, phone="")

    assert in_the_column(user) == ("", "")
    assert User.objects.get(id=user.id).phone == ""


def test_a_number_is_found_without_being_opened(db, keys):
    user, _other = person(1), person(2, phone="13800009999")

    assert list(User.objects.with_phone(PHONE)) == [user]
    assert list(User.objects.with_phone("13800000000")) == []
    assert list(User.objects.with_phone("")) == []


def test_a_number_moved_to_another_row_does_not_open(db, keys):
    alice, bob = person(1), person(2, phone="13800009999")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portal_user SET phone = (SELECT phone FROM portal_user WHERE id = %s) WHERE id = %s",
            [alice.id, bob.id],
        )

    with pytest.raises(DoesNotOpen):
        _ = User.objects.get(id=bob.id).phone


@pytest.mark.parametrize(
    "write",
    [
        lambda user: User.objects.filter(id=user.id).update(phone="13900000000"),
        lambda user: User.objects.filter(id=user.id).update(phone=Value("13900000000")),
        lambda user: User.objects.filter(id=user.id).update(phone=F("email")),
        lambda user: User.objects.bulk_create([User(username="x", email="x@example.com", phone="1")]),
        lambda user: User.objects.filter(phone=PHONE).count(),
    ],
    ids=["update", "update by a value", "update by a column", "bulk_create", "filter"],
)
def test_what_knows_no_row_is_refused_and_nothing_moves(db, keys, write):
    user = person(1)
    before = in_the_column(user)

    with pytest.raises(UnsealedWrite), transaction.atomic():
        write(user)

    assert in_the_column(user) == before
    assert not User.objects.filter(username="x").exists()


def test_number_and_index_are_saved_together_or_not_at_all(db, keys):
    user = person(1)
    before = in_the_column(user)
    user.phone = "13900000000"

    with pytest.raises(ImproperlyConfigured):
        user.save(update_fields=["phone"])

    assert in_the_column(user) == before


def test_saving_something_else_leaves_the_seal_alone(db, keys):
    user = person(1)
    column, _index = in_the_column(user)
    user = User.objects.get(id=user.id)
    user.name = "陈博"

    user.save()

    assert in_the_column(user)[0] == column


def test_a_row_read_without_its_number_can_still_be_asked_for_it(db, keys):
    user = person(1)

    lazy = User.objects.only("id", "username").get(id=user.id)

    assert "phone" not in lazy.__dict__
    assert lazy.phone == PHONE


# --- new keys -----------------------------------------------------------------------------------------
def test_every_sealed_column_takes_part_in_a_rotation():
    assert [field.purpose_of_column for field in rotation.fields()] == [
        "marketplace_bankline.counter_account",
        "marketplace_invoicetitle.bank",
        "marketplace_invoice.buyer_bank",
        "marketplace_payoutaccount.number",
        "portal_user.phone",
        "portal_verification.legal_representative",
        "portal_verification.contact_phone",
        "portal_licence.key",
        "portal_webhookendpoint.secret",
        "portal_webhookendpoint.old_secret",
    ]


def test_the_seeds_of_second_factors_move_to_the_new_key_too(db, keys):
    user = person(1)
    totp = Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": seal("JBSWY3DP", PURPOSE_OF_FACTORS)}
    )
    codes = Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.RECOVERY_CODES,
        data={"seed": seal("5eed", PURPOSE_OF_FACTORS), "used_mask": 3},
    )
    new = provider().rotate()

    left = dict(rotation.batches())

    for factor in (totp, codes):
        factor.refresh_from_db()
    assert left == {"portal_user.phone": 1, "portal.entrance.sealing": 2}
    assert totp.data["secret"].startswith(f"{new}:")
    assert unseal(totp.data["secret"], PURPOSE_OF_FACTORS) == "JBSWY3DP"
    assert unseal(codes.data["seed"], PURPOSE_OF_FACTORS) == "5eed" and codes.data["used_mask"] == 3
    assert dict(rotation.batches()) == {}


def test_a_licence_moves_to_the_new_key_and_opens_under_no_other(db, keys):
    firm = Organization.objects.create(code="EN-1", kind="enterprise", name="鹭岛")
    apply_for_verification(firm, person(1))
    new = provider().rotate()

    left = dict(rotation.batches())

    licence = Licence.objects.get()
    assert left["portal_licence.key"] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM portal_licence")
        assert cursor.fetchone()[0].startswith(f"{new}:")
    assert licence.content == PICTURE
    licence.key = "00" * 16
    with pytest.raises(DoesNotOpen):
        _content = licence.content


def test_many_rows_are_sealed_and_written_at_once(db, keys):
    firms = [User(username=f"u{number}", email=f"u{number}@example.com", phone=PHONE) for number in range(3)]

    name_rows(firms)
    User.objects.bulk_create(firms)

    assert {user.phone for user in User.objects.filter(username__startswith="u")} == {PHONE}
    assert name_rows([]) is None


def test_rotation_seals_everything_anew_and_people_are_still_found(db, keys, capsys):
    users = [person(number, phone=f"1380000{number:04d}") for number in range(3)]
    nobody = person(9, phone="")
    old = provider().key_ids()[0]

    call_command("rotate_keys", new=True)

    new = provider().key_ids()[0]
    assert new != old
    for number, user in enumerate(users):
        assert all(part.startswith(f"{new}:") for part in in_the_column(user))
        assert list(User.objects.with_phone(f"1380000{number:04d}")) == [user]
    assert in_the_column(nobody) == ("", "")
    assert "portal_user.phone: 3 sealed anew" in capsys.readouterr().out


def test_between_two_keys_everybody_is_found_and_read(db, keys):
    user = person(1)

    provider().rotate()
    later = person(2)

    assert set(User.objects.with_phone(PHONE)) == {user, later}
    assert User.objects.get(id=user.id).phone == PHONE


def test_a_rotation_killed_midway_goes_on_where_it_stopped(transactional_db, keys, monkeypatch):
    users = [person(number, phone=f"1380000{number:04d}") for number in range(5)]
    new = provider().rotate()

    class Killed(BaseException):
        pass

    save, saved = User.save, []

    def dies_at_the_fourth(self, **options):
        if len(saved) == 3:
            raise Killed
        saved.append(self.pk)
        save(self, **options)

    monkeypatch.setattr(User, "save", dies_at_the_fourth)
    with pytest.raises(Killed):
        for field in rotation.fields():
            while rotation.reseal(field, limit=2):
                pass
    monkeypatch.setattr(User, "save", save)
    moved = [in_the_column(user)[0].startswith(f"{new}:") for user in users]
    readable = [User.objects.get(id=user.id).phone for user in users]
    left = dict(rotation.batches())

    assert moved == [True, True, False, False, False]
    assert readable == [f"1380000{number:04d}" for number in range(5)]
    assert left == {"portal_user.phone": 3}
    assert all(in_the_column(user)[0].startswith(f"{new}:") for user in users)
