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
    "APP-01": Revision(1, "2026-11-23", "2026-11-23", "4790f0a3ed4eaba6", uses_birth_date=True),
    "APP-03": Revision(1, "2026-11-23", "2026-11-23", "4790f0a3ed4eaba6", uses_birth_date=True),
    "APP-04": Revision(2, "2026-11-23", "2026-11-23", "4790f0a3ed4eaba6", uses_birth_date=True),
    "APP-06": Revision(1, "2026-11-23", "2026-11-23", "4790f0a3ed4eaba6", uses_birth_date=True),
    "APP-05": Revision(1, "2026-11-23", "2026-11-23", "7f9319f3a8a88f46", uses_birth_date=False),
    "BLD-01": Revision(1, "2026-11-23", "2026-11-23", "8f46a6b252257a3d", uses_birth_date=False),
    "COAG-01": Revision(2, "2026-11-23", "2026-11-23", "b118dd361fccecba", uses_birth_date=False),
    "COAG-02": Revision(2, "2026-11-23", "2026-11-23", "5f1b5840a460ce2f", uses_birth_date=False),
    "COAG-03": Revision(2, "2026-11-23", "2026-11-23", "e57f9ff1ea5ec519", uses_birth_date=False),
    "COAG-04": Revision(2, "2026-11-23", "2026-11-23", "aac3820ffa0a8ca4", uses_birth_date=False),
    "CRS-01": Revision(1, "2026-11-23", "2026-11-23", "bd0abb381612145c", uses_birth_date=True),
    "CRS-02": Revision(1, "2026-11-23", "2026-11-23", "bd0abb381612145c", uses_birth_date=True),
    "CRS-03": Revision(3, "2026-11-23", "2026-11-26", "6d0a04c2d6fbc5a5", uses_birth_date=True),
    "CRS-04": Revision(1, "2026-11-23", "2026-11-23", "4e89fe66c9bf8f61", uses_birth_date=True),
    "CRS-05": Revision(2, "2026-11-23", "2026-11-23", "b445cfaaa200afe0", uses_birth_date=True),
    "DIC-01": Revision(2, "2026-11-23", "2026-11-23", "f9bfe4f7a2fd87b0", uses_birth_date=False),
    "DQ-03": Revision(1, "2026-11-23", "2026-11-23", "ff2493a285cd0afe", uses_birth_date=True),
    "DQ-07": Revision(1, "2026-11-23", "2026-11-23", "ff2493a285cd0afe", uses_birth_date=True),
    "IEC-01": Revision(2, "2026-11-23", "2026-11-23", "233eb34c60b828c0", uses_birth_date=True),
    "IEC-02": Revision(2, "2026-11-23", "2026-11-23", "ca6570819bc55210", uses_birth_date=False),
    "MOD-01": Revision(1, "2026-11-23", "2026-11-23", "ed68c9b4de37403d", uses_birth_date=True),
    "MON-01": Revision(2, "2026-11-23", "2026-11-23", "701eb114b9541f83", uses_birth_date=True),
    "MON-02": Revision(2, "2026-11-23", "2026-11-23", "701eb114b9541f83", uses_birth_date=True),
    "MON-03": Revision(2, "2026-11-23", "2026-11-23", "54b5c2c0d3fbcfa1", uses_birth_date=True),
    "MON-04": Revision(1, "2026-11-23", "2026-11-23", "c5ccc31a854da0d6", uses_birth_date=False),
    "MON-05": Revision(1, "2026-11-23", "2026-11-23", "2e5d6cddc101b793", uses_birth_date=True),
    "ORD-01": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-02": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-03": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-04": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-05": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-06": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-07": Revision(1, "2026-11-23", "2026-11-23", "e67f6267353edc68", uses_birth_date=True),
    "ORD-08": Revision(1, "2026-11-23", "2026-11-23", "0cdfde49b5a3e392", uses_birth_date=False),
    "ORD-09": Revision(1, "2026-11-23", "2026-11-23", "5584319e1f4640ab", uses_birth_date=False),
    "ORD-10": Revision(1, "2026-11-23", "2026-11-23", "781114ef12d368d6", uses_birth_date=False),
    "PLT-01": Revision(2, "2026-11-23", "2026-11-23", "77bb5fcfb3f88210", uses_birth_date=False),
    "PLT-02": Revision(2, "2026-11-23", "2026-11-23", "219c68153385af46", uses_birth_date=True),
    "PLT-03": Revision(2, "2026-11-23", "2026-11-23", "51814b3d5b2a6e9f", uses_birth_date=False),
    "PLT-04": Revision(2, "2026-11-23", "2026-11-23", "9107d59898a849f3", uses_birth_date=False),
    "PRD-01": Revision(1, "2026-11-23", "2026-11-23", "3f56d4eb561ab1a8", uses_birth_date=True),
    "PRD-02": Revision(1, "2026-11-23", "2026-11-23", "3f56d4eb561ab1a8", uses_birth_date=True),
    "FC-04": Revision(1, "2026-11-23", "2026-11-23", "3f56d4eb561ab1a8", uses_birth_date=True),
    "CRY-01": Revision(1, "2026-11-23", "2026-11-23", "3f56d4eb561ab1a8", uses_birth_date=True),
    "FC-06": Revision(1, "2026-11-23", "2026-11-23", "3f56d4eb561ab1a8", uses_birth_date=True),
    "RCK-01": Revision(4, "2026-11-23", "2026-11-23", "5f00c6e36d89e280", uses_birth_date=True),
    "REP-01": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-02": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-03": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-04": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-05": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-06": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-07": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-08": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-10": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-12": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "TIER-01": Revision(1, "2026-11-23", "2026-11-23", "5411acdbb3cc2d44", uses_birth_date=True),
    "REP-09": Revision(2, "2026-11-23", "2026-11-23", "abe9813bb97fb97e", uses_birth_date=False),
    "REP-11": Revision(2, "2026-11-23", "2026-11-23", "47a5d9fc230b638a", uses_birth_date=False),
    "SAF-01": Revision(2, "2026-11-23", "2026-11-23", "68c2f5e3563c8964", uses_birth_date=True),
    "SAF-02": Revision(2, "2026-11-23", "2026-11-23", "074c868f3cb148ff", uses_birth_date=True),
    "SAF-03": Revision(2, "2026-11-23", "2026-11-23", "97ba2f8bfe40c294", uses_birth_date=True),
    "SAF-04": Revision(2, "2026-11-23", "2026-11-23", "c9b94ca62226f9b7", uses_birth_date=False),
    "SAF-05": Revision(2, "2026-11-23", "2026-11-23", "bde6e136f09ba9a0", uses_birth_date=True),
    "SAF-06": Revision(2, "2026-11-23", "2026-11-23", "021eadf166156abd", uses_birth_date=True),
    "TOC-01": Revision(1, "2026-11-23", "2026-11-23", "721bd4fda200b551", uses_birth_date=False),
    "TRD-01": Revision(1, "2026-11-23", "2026-11-23", "6cabb74a4fa04df4", uses_birth_date=False),
}
