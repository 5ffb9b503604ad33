"""The city drawn by ourselves: a schematic, not a map of boundaries. Another city draws its own."""

from portal.shell.districts import District

VIEW = "0 0 460 440"
SHAPES = {
    District.TONGAN: "118,30 166,14 214,22 262,10 318,24 366,58 360,112 356,164 322,184 288,204 226,214 "
    "198,196 172,180 150,146 120,108 106,70",
    District.XIANGAN: "366,58 402,76 428,108 434,152 446,196 440,246 420,290 386,302 358,310 330,284 312,258 "
    "298,228 288,204 322,184 356,164 360,112",
    District.JIMEI: "52,126 88,112 120,108 150,146 172,180 198,196 226,214 222,244 216,262 174,282 142,268 "
    "112,252 86,222 60,194 64,160",
    District.HAICANG: "60,194 86,222 112,252 142,268 158,290 152,322 140,350 108,362 78,378 46,362 16,348 "
    "18,308 8,270 34,232",
    District.HULI: "190,306 216,294 246,288 272,298 284,312 278,348 250,346 222,352 202,346 184,338",
    District.SIMING: "184,338 202,346 222,352 250,346 278,348 282,374 270,400 248,412 228,426 204,414 186,398 180,366",
}
LABELS = {
    District.TONGAN: (240, 108),
    District.XIANGAN: (372, 192),
    District.JIMEI: (138, 196),
    District.HAICANG: (80, 300),
    District.HULI: (233, 316),
    District.SIMING: (231, 378),
}


def draw(rows) -> list[dict]:
    """District figures as shapes: the more, the brighter. Rows are Places."""
    most = max((float(row.amount) for row in rows), default=0) or 1.0
    return [
        {
            "row": row,
            "points": SHAPES[row.code],
            "x": LABELS[row.code][0],
            "y": LABELS[row.code][1],
            "light": f"{0.14 + 0.62 * float(row.amount) / most:.2f}",
        }
        for row in rows
        if row.code in SHAPES
    ]
