"""Numbers that look random and follow from a person's number alone.

What belongs here: the hash as DuckDB macros. What does not: what is drawn with it.

Any range of persons is made alone, in order, on any number of threads, without a state: the same
person always has the same numbers. The mixing function is one of Wellons' 32-bit integer hashes
("prospecting for hash functions", public domain), because DuckDB's own hash may change with its
version.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beacon.sample.people_check_digit import verhoeff

MACROS = """
create or replace macro mix_a(i, salt) as
    (i::bigint * 2654435761 + salt::bigint * 1640531527) % 4294967296;
create or replace macro mix_b(a) as (xor(a, a >> 15) * 739982445) % 4294967296;
create or replace macro mix_c(b) as (xor(b, b >> 12) * 695872825) % 4294967296;
create or replace macro mix_d(c) as xor(c, c >> 15);
create or replace macro whole(i, salt) as mix_d(mix_c(mix_b(mix_a(i, salt))));
create or replace macro u(i, salt) as whole(i, salt) / 4294967296.0;
-- A probability that rises towards the most deprived quintile (1) where the slope is positive.
create or replace macro graded(base, slope, quintile) as
    least(0.97, greatest(0.0, base * (1 + slope * (3 - coalesce(quintile, 3)))));
"""


def drawn(numbers: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
    """What the macro `u` gives, for an array of persons' numbers.

    Returns:
        Numbers from 0 to 1, 1 left out.
    """
    word = np.uint64(4294967296)
    a = (numbers.astype(np.uint64) * np.uint64(2654435761) + np.uint64(salt * 1640531527)) % word
    b = ((a ^ (a >> np.uint64(15))) * np.uint64(739982445)) % word
    c = ((b ^ (b >> np.uint64(12))) * np.uint64(695872825)) % word
    return np.asarray((c ^ (c >> np.uint64(15))) / 4294967296.0)


def made_up_code(number: int) -> int:
    """A code in the form of a SNOMED CT extension's that fails its check digit.

    Args:
        number: Of the cluster, below 1,000.

    Returns:
        Sixteen digits that no edition can contain.
    """
    body = f"9{number:05d}1000119" + "10"
    return int(body + str((verhoeff(body) + 1) % 10))
