"""When each rule was released and last revised, and the digest of what it said then (DSI-01, DSI-02)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revision:
    """One rule: its version, dates (ISO), the digest of its module, and whether it looks at the date of birth."""

    version: int
    released: str
    revised: str
    digest: str
    uses_birth_date: bool = False


REVISIONS: dict[str, Revision] = {
    "APP-01": Revision(1, "2026-11-23", "2026-11-23", "44d0bfd026d2b9b6", uses_birth_date=True),
    "APP-03": Revision(1, "2026-11-23", "2026-11-23", "44d0bfd026d2b9b6", uses_birth_date=True),
    "APP-04": Revision(2, "2026-11-23", "2026-11-23", "44d0bfd026d2b9b6", uses_birth_date=True),
    "APP-06": Revision(1, "2026-11-23", "2026-11-23", "44d0bfd026d2b9b6", uses_birth_date=True),
    "APP-05": Revision(1, "2026-11-23", "2026-11-23", "7f9319f3a8a88f46", uses_birth_date=False),
    "BLD-01": Revision(1, "2026-11-23", "2026-11-23", "7c50cc45c75bbfe6", uses_birth_date=False),
    "COAG-01": Revision(2, "2026-11-23", "2026-11-23", "313dc11e28437260", uses_birth_date=False),
    "COAG-02": Revision(2, "2026-11-23", "2026-11-23", "30ca384793b9e472", uses_birth_date=False),
    "COAG-03": Revision(2, "2026-11-23", "2026-11-23", "e57f9ff1ea5ec519", uses_birth_date=False),
    "COAG-04": Revision(2, "2026-11-23", "2026-11-23", "aac3820ffa0a8ca4", uses_birth_date=False),
    "CRS-01": Revision(1, "2026-11-23", "2026-11-23", "bd0abb381612145c", uses_birth_date=True),
    "CRS-02": Revision(1, "2026-11-23", "2026-11-23", "bd0abb381612145c", uses_birth_date=True),
    "CRS-03": Revision(3, "2026-11-23", "2026-11-26", "552bd81dd575093d", uses_birth_date=True),
    "CRS-04": Revision(1, "2026-11-23", "2026-11-23", "6dae05e941c050b5", uses_birth_date=True),
    "CRS-05": Revision(2, "2026-11-23", "2026-11-23", "20e62b80a763f2c8", uses_birth_date=True),
    "DIC-01": Revision(2, "2026-11-23", "2026-11-23", "f9ab712cd2caf7f1", uses_birth_date=False),
    "DQ-03": Revision(1, "2026-11-23", "2026-11-23", "ae46facbd73b9fce", uses_birth_date=True),
    "DQ-07": Revision(1, "2026-11-23", "2026-11-23", "ae46facbd73b9fce", uses_birth_date=True),
    "IEC-01": Revision(2, "2026-11-23", "2026-11-23", "39d1837be11c1e5f", uses_birth_date=True),
    "IEC-02": Revision(2, "2026-11-23", "2026-11-23", "4f5575000af2eb0e", uses_birth_date=False),
    "MOD-01": Revision(1, "2026-11-23", "2026-11-23", "ed68c9b4de37403d", uses_birth_date=True),
    "MON-01": Revision(2, "2026-11-23", "2026-11-23", "0d575413e3a8c6c9", uses_birth_date=True),
    "MON-02": Revision(2, "2026-11-23", "2026-11-23", "0d575413e3a8c6c9", uses_birth_date=True),
    "MON-03": Revision(2, "2026-11-23", "2026-11-23", "af0b7fcf60781177", uses_birth_date=True),
    "MON-04": Revision(1, "2026-11-23", "2026-11-23", "c5ccc31a854da0d6", uses_birth_date=False),
    "MON-05": Revision(1, "2026-11-23", "2026-11-23", "88a1f49e766b07b8", uses_birth_date=True),
    "ORD-01": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-02": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-03": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-04": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-05": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-06": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-07": Revision(1, "2026-11-23", "2026-11-23", "dcf3a57e7e851217", uses_birth_date=True),
    "ORD-08": Revision(1, "2026-11-23", "2026-11-23", "0cdfde49b5a3e392", uses_birth_date=False),
    "ORD-09": Revision(1, "2026-11-23", "2026-11-23", "5584319e1f4640ab", uses_birth_date=False),
    "ORD-10": Revision(1, "2026-11-23", "2026-11-23", "781114ef12d368d6", uses_birth_date=False),
    "PLT-01": Revision(2, "2026-11-23", "2026-11-23", "77bb5fcfb3f88210", uses_birth_date=False),
    "PLT-02": Revision(2, "2026-11-23", "2026-11-23", "219c68153385af46", uses_birth_date=True),
    "PLT-03": Revision(2, "2026-11-23", "2026-11-23", "51814b3d5b2a6e9f", uses_birth_date=False),
    "PLT-04": Revision(2, "2026-11-23", "2026-11-23", "9107d59898a849f3", uses_birth_date=False),
    "PRD-01": Revision(1, "2026-11-23", "2026-11-23", "a084d5d564a85373", uses_birth_date=True),
    "PRD-02": Revision(1, "2026-11-23", "2026-11-23", "a084d5d564a85373", uses_birth_date=True),
    "FC-04": Revision(1, "2026-11-23", "2026-11-23", "a084d5d564a85373", uses_birth_date=True),
    "CRY-01": Revision(1, "2026-11-23", "2026-11-23", "a084d5d564a85373", uses_birth_date=True),
    "FC-06": Revision(1, "2026-11-23", "2026-11-23", "a084d5d564a85373", uses_birth_date=True),
    "RCK-01": Revision(4, "2026-11-23", "2026-11-23", "8883e7bd989637a6", uses_birth_date=True),
    "REP-01": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-02": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-03": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-04": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-05": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-06": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-07": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-08": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-10": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-12": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "TIER-01": Revision(1, "2026-11-23", "2026-11-23", "0134f4b251d13d78", uses_birth_date=True),
    "REP-09": Revision(2, "2026-11-23", "2026-11-23", "1cd26a5ada8dc872", uses_birth_date=False),
    "REP-11": Revision(2, "2026-11-23", "2026-11-23", "47a5d9fc230b638a", uses_birth_date=False),
    "SAF-01": Revision(2, "2026-11-23", "2026-11-23", "4da7998615352324", uses_birth_date=True),
    "SAF-02": Revision(2, "2026-11-23", "2026-11-23", "074c868f3cb148ff", uses_birth_date=True),
    "SAF-03": Revision(2, "2026-11-23", "2026-11-23", "97ba2f8bfe40c294", uses_birth_date=True),
    "SAF-04": Revision(2, "2026-11-23", "2026-11-23", "c9b94ca62226f9b7", uses_birth_date=False),
    "SAF-05": Revision(2, "2026-11-23", "2026-11-23", "bde6e136f09ba9a0", uses_birth_date=True),
    "SAF-06": Revision(2, "2026-11-23", "2026-11-23", "021eadf166156abd", uses_birth_date=True),
    "TOC-01": Revision(1, "2026-11-23", "2026-11-23", "a94ce3d2535e5d54", uses_birth_date=False),
    "TRD-01": Revision(1, "2026-11-23", "2026-11-23", "4748d4f93f0140d2", uses_birth_date=False),
}
