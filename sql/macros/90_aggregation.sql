-- From small areas to larger ones.
--
-- Source: Fingertips Public Health Technical Guidance, "Aggregating data". Sum numerators and
-- denominators, then compute value and limits at the larger area's level; never average rates, add
-- limits, or sum rounded or suppressed cells.
-- Units: as the column summed.
-- Edge rules: one area without a number makes the sum NULL, as it may be suppressed and is not
-- zero; coverage says how much of it there is.

CREATE OR REPLACE MACRO sum_complete(x) AS
    CASE WHEN count(*) = count(x) THEN sum(x) END;

-- Share of the areas that have a number.
CREATE OR REPLACE MACRO coverage(x) AS count(x) / nullif(count(*), 0);

-- Share of a larger area's LSOAs in national decile 1; NULL where an LSOA has no decile.
CREATE OR REPLACE MACRO share_in_most_deprived_decile(decile) AS
    CASE WHEN count(*) = count(decile) THEN avg((decile = 1)::INTEGER) END;

-- What one part gets when whole people are shared out by size: the difference of the rounded
-- running sum, so that the parts of one total add up to it exactly and none is a person off.
-- `running` is the sum of the parts up to and with this one, in one order; `whole` of all.
CREATE OR REPLACE MACRO share_whole(total, part, running, whole) AS
    CASE WHEN whole > 0 THEN (
        (2 * total::HUGEINT * running::HUGEINT + whole::HUGEINT) // (2 * whole::HUGEINT)
        - (2 * total::HUGEINT * (running::HUGEINT - part::HUGEINT) + whole::HUGEINT)
            // (2 * whole::HUGEINT)
    )::BIGINT END;
