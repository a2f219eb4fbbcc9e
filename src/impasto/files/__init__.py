"""Files, whatever is in them: hashed once, written whole, and journals for runs that resume."""

from impasto.files.journal import Journal, parse_lines
from impasto.files.reading import (
    address_advice,
    check_file,
    digest_of,
    fingerprint,
    reading_advice,
    sha256_of,
)
from impasto.files.writing import (
    check_writable,
    disk_is_full,
    output_path,
    refuse_inputs,
    replacing,
    working_alone,
    write_atomically,
)

__all__ = [
    "Journal",
    "address_advice",
    "check_file",
    "check_writable",
    "digest_of",
    "disk_is_full",
    "fingerprint",
    "output_path",
    "parse_lines",
    "reading_advice",
    "refuse_inputs",
    "replacing",
    "sha256_of",
    "working_alone",
    "write_atomically",
]
