"""What a buyer asks for, in the engine's words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """One gang of cards wanted at the same time.

    accelerator  code of the card type
    cards        whole cards, at least 1
    provider     code; when given, only this provider's pools are in the offer
    district     code; nearer is better, never required
    hours        longest run in hours; None = no limit asked
    gang         may the work span several nodes; False = one node only

    Raises ValueError for fewer than one card or a time limit that is not positive.
    """

    accelerator: str
    cards: int
    provider: str | None = None
    district: str | None = None
    hours: float | None = None
    gang: bool = True

    def __post_init__(self):
        if self.cards < 1:
            raise ValueError("a request is for at least one card")
        if self.hours is not None and not self.hours > 0:
            raise ValueError("hours must be positive")
