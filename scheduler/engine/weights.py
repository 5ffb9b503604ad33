"""How much each part of the score counts: a city's choice, so it is data and it is kept with each decision."""

from dataclasses import dataclass

PARTS = ("price", "district", "fragment", "energy", "freshness", "best_fit")


@dataclass(frozen=True, slots=True)
class Weights:
    """Every score part lies in [0, 1]; the score is their weighted sum.

    price      4    cheapest feasible price / this price (money first)
    district   2    1 in the district asked for, else 0
    fragment   1    FGD: placements that leave fewer stranded cards (see scoring.fragment)
    energy     1    1 at PUE 1.0, 0 at PUE 2.0 and worse
    freshness  0.5  1 for data of this second, 0 at max_age_seconds
    best_fit   0.5  1 when no card is left over on the nodes touched

    max_age_seconds: data older than this is not believed at all (reason stale_data).
    """

    price: float = 4.0
    district: float = 2.0
    fragment: float = 1.0
    energy: float = 1.0
    freshness: float = 0.5
    best_fit: float = 0.5
    max_age_seconds: float = 600.0
