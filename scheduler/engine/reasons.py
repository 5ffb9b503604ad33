"""Machine words for why a pool was, or was not, chosen. Human words live with the pages."""

from enum import StrEnum


class Reason(StrEnum):
    """One fact about one candidate. Order of declaration is the order in which reasons are told."""

    WRONG_ACCELERATOR = "wrong_accelerator"
    OTHER_PROVIDER = "other_provider"
    CLUSTER_OFFLINE = "cluster_offline"
    CLUSTER_CONNECTING = "cluster_connecting"
    STALE_DATA = "stale_data"
    HOURS_TOO_LONG = "hours_too_long"
    NOT_ENOUGH_CARDS = "not_enough_cards"
    GANG_TOO_WIDE = "gang_too_wide"
    GANG_DOES_NOT_FIT = "gang_does_not_fit"
    OUTSCORED = "outscored"
    CHOSEN = "chosen"
