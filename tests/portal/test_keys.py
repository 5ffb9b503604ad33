"""Secrets of programs: a wrong one is seen without the database, and a right one opens only from where it may."""

import string

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.shell import networks
from portal.shell.keys import ALPHABET, is_whole, new_key


def test_the_check_is_the_one_that_scanners_were_told():
    """CRC-32 of all that stands before it, in base 62, six letters."""
    assert is_whole("pc_live_" + "0" * 40 + "3YoLdA", "pc_live_")


def test_a_fresh_key_is_whole_and_no_two_are_the_same():
    many = {new_key("pc_live_") for _ in range(100)}

    assert len(many) == 100
    assert all(is_whole(key, "pc_live_") for key in many)
    assert not any(is_whole(key, "pc_app_") for key in many)


@given(place=st.integers(0, 45), letter=st.sampled_from(ALPHABET))
def test_one_wrong_letter_is_seen(place, letter):
    key = new_key("pc_live_")
    at = len("pc_live_") + place

    assert is_whole(key[:at] + letter + key[at + 1 :], "pc_live_") == (letter == key[at])


@given(st.text(alphabet=string.printable + "中\0\ud800", max_size=80))
def test_no_other_text_is_a_key(text):
    assert not is_whole(text, "pc_live_")
    assert not is_whole("pc_live_" + text, "pc_live_")


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["203.0.113.7", " 10.0.0.0/8 ", ""], ["203.0.113.7/32", "10.0.0.0/8"]),
        (["2001:DB8::/32"], ["2001:db8::/32"]),
        ([], []),
    ],
)
def test_networks_are_written_in_one_way(lines, kept):
    assert networks.tidy(lines) == kept


@pytest.mark.parametrize("lines", [["10.0.0.1/8"], ["compute.example"], ["1.2.3"], ["::1"] * 21])
def test_what_is_no_network_is_told(lines):
    with pytest.raises(ValidationError):
        networks.tidy(lines)


@pytest.mark.parametrize(
    ("allowed", "address", "may"),
    [
        ([], "192.0.2.1", True),
        ([], None, True),
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.114.9", False),
        (["203.0.113.0/24"], "2001:db8::1", False),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", True),
        (["203.0.113.0/24"], None, False),
    ],
)
def test_a_place_is_allowed_or_not(allowed, address, may):
    assert networks.allows(allowed, address) is may
