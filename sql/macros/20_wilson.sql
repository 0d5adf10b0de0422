-- Proportions with Wilson score limits.
--
-- Source: Wilson EB. Probable inference, the law of succession, and statistical inference. JASA
-- 1927; 22: 209-212; Fingertips Public Health Technical Guidance, "Confidence intervals".
-- Units: x of n; limits are proportions in [0, 1], to be multiplied as the value is.
-- x need not be whole (weighted surveys, effective sample sizes).
-- Edge rules: x = 0 has a lower limit of exactly 0, x = n an upper limit of exactly 1. NULL where
-- x or n is NULL or not finite, n <= 0, x < 0 or x > n; proportion_reason says which.

-- Why a proportion of x in n cannot be had; NULL where it can.
CREATE OR REPLACE MACRO proportion_reason(x, n) AS
    CASE
        WHEN x IS NULL OR NOT isfinite(x::DOUBLE) THEN 'missing_numerator'
        WHEN n IS NULL OR NOT isfinite(n::DOUBLE) THEN 'missing_denominator'
        WHEN n <= 0 THEN 'denominator_not_positive'
        WHEN x < 0 THEN 'negative_numerator'
        WHEN x > n THEN 'numerator_above_denominator'
    END;

-- Conjugate form of the lower limit: no subtraction of nearly equal numbers, and 0 at x = 0. A
-- product of x, because a power takes several times as long; that of z, a constant, is taken once.
CREATE OR REPLACE MACRO wilson_lower(x, n, z) AS
    CASE WHEN proportion_reason(x, n) IS NULL THEN
        2 * (x::DOUBLE * x::DOUBLE) / (n::DOUBLE * (2 * x::DOUBLE + z::DOUBLE ** 2
            + z::DOUBLE * sqrt(z::DOUBLE ** 2 + 4 * x::DOUBLE * (1 - x::DOUBLE / n::DOUBLE))))
    END;

CREATE OR REPLACE MACRO wilson_upper(x, n, z) AS
    CASE
        WHEN proportion_reason(x, n) IS NOT NULL THEN NULL
        -- Rounding puts (n + z^2) / (n + z^2) one step off 1 for some n.
        WHEN x = n AND z IS NOT NULL THEN 1e0
        ELSE least(1e0, (2 * x::DOUBLE + z::DOUBLE ** 2
            + z::DOUBLE * sqrt(z::DOUBLE ** 2 + 4 * x::DOUBLE * (1 - x::DOUBLE / n::DOUBLE)))
            / (2 * (n::DOUBLE + z::DOUBLE ** 2)))
    END;

CREATE OR REPLACE MACRO wilson_lower_95(x, n) AS wilson_lower(x, n, z_95());
CREATE OR REPLACE MACRO wilson_upper_95(x, n) AS wilson_upper(x, n, z_95());
CREATE OR REPLACE MACRO wilson_lower_998(x, n) AS wilson_lower(x, n, z_998());
CREATE OR REPLACE MACRO wilson_upper_998(x, n) AS wilson_upper(x, n, z_998());

-- The proportion itself, NULL exactly where its limits are.
CREATE OR REPLACE MACRO proportion(x, n) AS
    CASE WHEN proportion_reason(x, n) IS NULL THEN x::DOUBLE / n::DOUBLE END;
