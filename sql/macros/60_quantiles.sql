-- Deprivation quantiles; 1 is the most deprived.
--
-- Source: imd_quantile - MHCLG English Indices of Deprivation, File 7 notes: ceil(rank * Q / N)
-- gives every published decile of 2019 (N = 32,844) and 2025 (N = 33,755). local_quantile - OHID
-- Fingertips Public Health Technical Guidance, "Assigning deprivation categories".
-- Units: rank 1 is the most deprived; n counts the LSOAs ranked; q the quantiles wanted.
-- Edge rules: NULL where anything is NULL, the rank lies outside 1..n, or there are fewer areas
-- than quantiles. Never NTILE, never re-rank a published score: 2025 scores are rounded.

CREATE OR REPLACE MACRO imd_quantile(rank, n, q) AS
    CASE WHEN rank >= 1 AND rank <= n AND q >= 1 AND n >= q
        -- Whole-number arithmetic: ceil of a quotient in floating point can miss by one.
        THEN ((rank::BIGINT * q::BIGINT + n::BIGINT - 1) // n::BIGINT)::INTEGER
    END;

CREATE OR REPLACE MACRO imd_decile(rank, n) AS imd_quantile(rank, n, 10);
CREATE OR REPLACE MACRO imd_quintile(rank, n) AS imd_quantile(rank, n, 5);

-- Core20: the most deprived fifth nationally, rank <= floor(N / 5). NHS England, Core20PLUS5.
CREATE OR REPLACE MACRO is_core20(rank, n) AS imd_quantile(rank, n, 5) = 1;

-- Quantiles of areas within a larger area. rank is the minimum rank among non-NULL values, n
-- their number. Written q + 1 - ceil((n + 1 - rank) * q / n), 0 becoming 1.
CREATE OR REPLACE MACRO local_quantile(rank, n, q) AS
    CASE WHEN rank >= 1 AND rank <= n AND q >= 1 AND n >= q
        THEN greatest(1, (q::BIGINT + 1
            - ((n::BIGINT + 1 - rank::BIGINT) * q::BIGINT + n::BIGINT - 1) // n::BIGINT))::INTEGER
    END;

-- The spread of areas: the highest value of the first, first two or first three quarters of the
-- areas in order, so that each is some area's own value. Quarters as NTILE(4) makes them: where n
-- does not divide by four, the first quarters hold one more. Source: FingertipsNext,
-- GetIndicatorQuartileDataForLatestYear. values are without NULL; k is 1, 2 (the median) or 3.
-- NULL where there are fewer than four values.
CREATE OR REPLACE MACRO quartile_of_areas(values_, k) AS
    CASE WHEN array_length(values_) >= 4 AND k BETWEEN 1 AND 3
        THEN list_sort(values_)[(k * (array_length(values_) // 4) + least(k, array_length(values_) % 4))::INTEGER]
    END;

-- The quarter of areas that a value lies in, by those bounds: 1 the best, 4 the worst. A bound is some
-- area's own value and belongs to the lower quarter. No judgement: chance may have put an area there.
-- NULL without a direction, without bounds, or where the bounds do not tell quarters apart.
CREATE OR REPLACE MACRO quarter_of_areas(value_, quartile_1, median_, quartile_3, polarity) AS
    CASE
        WHEN value_ IS NULL OR quartile_1 IS NULL OR quartile_1 >= quartile_3 THEN NULL
        WHEN polarity = 'low_is_good' THEN 1 + (value_ > quartile_1)::INTEGER
            + (value_ > median_)::INTEGER + (value_ > quartile_3)::INTEGER
        WHEN polarity = 'high_is_good' THEN 4 - (value_ > quartile_1)::INTEGER
            - (value_ > median_)::INTEGER - (value_ > quartile_3)::INTEGER
    END;

-- Whether so many areas of so many stand for all of them: at least 95 in a hundred.
CREATE OR REPLACE MACRO covers_nearly_all(areas, areas_total) AS areas * 100 >= areas_total * 95;

-- Into or out of the most deprived fifth from one index to the next. The index ranks areas against
-- each other: who leaves need be no less deprived than before.
CREATE OR REPLACE MACRO core20_movement(before, after) AS
    CASE
        WHEN before AND after THEN 'stayed_in'
        WHEN before AND NOT after THEN 'left'
        WHEN NOT before AND after THEN 'entered'
        WHEN NOT before AND NOT after THEN 'stayed_out'
    END;
