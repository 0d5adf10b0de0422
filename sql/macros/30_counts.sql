-- Limits of a count, crude rates.
--
-- Source: exact limits - Armitage P, Berry G. Statistical Methods in Medical Research; Byar -
-- Breslow NE, Day NE. Statistical Methods in Cancer Research vol. II, IARC 82, 1987, p. 69;
-- Fingertips Public Health Technical Guidance, "Confidence intervals" (exact below 10, Byar from
-- 10). Units: counts of events; rates are per k persons or person-years; tail is the probability
-- left in one tail (0.025 for 95%).
-- Edge rules: x = 0 has a lower limit of exactly 0. A count that is not whole, such as 9.7, is
-- below 10 and takes the exact branch, which stands for it too (gamma quantiles). A rate may exceed
-- k. NULL where x or n is NULL, x < 0 or n <= 0; rate_reason says which.

CREATE OR REPLACE MACRO rate_reason(x, n) AS
    CASE
        WHEN x IS NULL OR NOT isfinite(x::DOUBLE) THEN 'missing_numerator'
        WHEN n IS NULL OR NOT isfinite(n::DOUBLE) THEN 'missing_denominator'
        WHEN n <= 0 THEN 'denominator_not_positive'
        WHEN x < 0 THEN 'negative_numerator'
    END;

CREATE OR REPLACE MACRO crude_rate(x, n, k) AS
    CASE WHEN rate_reason(x, n) IS NULL THEN x::DOUBLE / n::DOUBLE * k::DOUBLE END;

-- Byar's approximation. NULL where the raw lower limit is negative (x = 1 at 99.8%).
CREATE OR REPLACE MACRO byar_lower(x, z) AS
    CASE WHEN x > 0 AND 1 - 1 / (9 * x::DOUBLE) - z::DOUBLE / (3 * sqrt(x::DOUBLE)) >= 0
        THEN x::DOUBLE * (1 - 1 / (9 * x::DOUBLE) - z::DOUBLE / (3 * sqrt(x::DOUBLE))) ** 3
    END;

CREATE OR REPLACE MACRO byar_upper(x, z) AS
    CASE WHEN x >= 0
        THEN (x::DOUBLE + 1) * (1 - 1 / (9 * (x::DOUBLE + 1))
            + z::DOUBLE / (3 * sqrt(x::DOUBLE + 1))) ** 3
    END;

-- Regularised lower incomplete gamma function P(a, y), by its power series; for y up to about 60.
CREATE OR REPLACE MACRO gamma_probability(a, y) AS
    CASE WHEN y <= 0 THEN 0e0
        ELSE list_sum([exp((a + k) * ln(y) - y - lgamma(a + k + 1)) for k in range(200)])
    END;

-- Its inverse in y by 64 halvings, for shape a up to 11. Only counts that are not whole need it.
CREATE OR REPLACE MACRO gamma_quantile(a, p) AS
    list_reduce(
        list_prepend(
            {'low': 0e0, 'high': 60e0},
            [{'low': step::DOUBLE, 'high': 0e0} for step in range(64)]
        ),
        lambda bracket, step:
            CASE WHEN gamma_probability(a, (bracket.low + bracket.high) / 2) > p
                THEN {'low': bracket.low, 'high': (bracket.low + bracket.high) / 2}
                ELSE {'low': (bracket.low + bracket.high) / 2, 'high': bracket.high}
            END
    ).high;

-- Whole counts 0 to 9 at the two published levels come from a table: position x + 1.
CREATE OR REPLACE MACRO exact_lower(x, tail) AS
    CASE
        WHEN x = 0 THEN 0e0
        WHEN x = floor(x) AND x > 0 AND x < 10 AND abs(tail - 0.025) < 1e-12 THEN [
            0.0e0, 0.025317807984289876e0, 0.24220927854396496e0, 0.6186721228956014e0,
            1.0898653736263249e0, 1.6234863901184207e0, 2.2018942534908508e0,
            2.8143630515198654e0, 3.4538321767485014e0, 4.115373097378334e0
        ][x::INTEGER + 1]
        WHEN x = floor(x) AND x > 0 AND x < 10 AND abs(tail - 0.001) < 1e-12 THEN [
            0.0e0, 0.001000500333583534e0, 0.045402017769489544e0, 0.1905333775684032e0,
            0.428552413628423e0, 0.7393717319178323e0, 1.1071046602556394e0,
            1.5203362603988093e0, 1.9708139217403657e0, 2.452424404363775e0
        ][x::INTEGER + 1]
        WHEN x > 0 AND x < 10 THEN gamma_quantile(x::DOUBLE, tail::DOUBLE)
    END;

CREATE OR REPLACE MACRO exact_upper(x, tail) AS
    CASE
        WHEN x = floor(x) AND x >= 0 AND x < 10 AND abs(tail - 0.025) < 1e-12 THEN [
            3.6888794541139354e0, 5.571643390938898e0, 7.22468766772396e0, 8.767273069742323e0,
            10.241588675403694e0, 11.66833207932267e0, 13.059474022518685e0,
            14.422675361702376e0, 15.763189220193313e0, 17.084803451419166e0
        ][x::INTEGER + 1]
        WHEN x = floor(x) AND x >= 0 AND x < 10 AND abs(tail - 0.001) < 1e-12 THEN [
            6.907755278982137e0, 9.233413476451585e0, 11.228872242412661e0, 13.06224077918807e0,
            14.79414922253721e0, 16.454745203680105e0, 18.061636840199064e0,
            19.626177395384232e0, 21.15619816583998e0, 22.65737330906293e0
        ][x::INTEGER + 1]
        WHEN x >= 0 AND x < 10 THEN gamma_quantile(x::DOUBLE + 1, 1 - tail::DOUBLE)
    END;

-- Limits of a count: exact below 10, Byar's from 10.
CREATE OR REPLACE MACRO poisson_lower(x, confidence) AS
    CASE WHEN NOT isfinite(x::DOUBLE) OR x < 0 THEN NULL
        WHEN x < 10 THEN exact_lower(x, (1 - confidence::DOUBLE) / 2)
        ELSE byar_lower(x, z_score(confidence))
    END;

CREATE OR REPLACE MACRO poisson_upper(x, confidence) AS
    CASE WHEN NOT isfinite(x::DOUBLE) OR x < 0 THEN NULL
        WHEN x < 10 THEN exact_upper(x, (1 - confidence::DOUBLE) / 2)
        ELSE byar_upper(x, z_score(confidence))
    END;

-- Which of the two was used, as OHID words it.
CREATE OR REPLACE MACRO poisson_method(x) AS
    CASE WHEN x >= 10 THEN 'Byars' WHEN x >= 0 THEN 'Exact' END;

CREATE OR REPLACE MACRO rate_lower(x, n, k, confidence) AS
    CASE WHEN rate_reason(x, n) IS NULL
        THEN poisson_lower(x, confidence) / n::DOUBLE * k::DOUBLE END;

CREATE OR REPLACE MACRO rate_upper(x, n, k, confidence) AS
    CASE WHEN rate_reason(x, n) IS NULL
        THEN poisson_upper(x, confidence) / n::DOUBLE * k::DOUBLE END;

-- The method of limits of counts that were added up: the one that the indicator declares, where it suits the
-- kind of value; 'none' for what is modelled.
CREATE OR REPLACE MACRO limits_method_of_sum(value_type, ci_method, modelled) AS
    CASE
        WHEN modelled THEN 'none'
        WHEN value_type = 'proportion' AND ci_method = 'wilson' THEN 'wilson'
        WHEN value_type = 'crude_rate' AND ci_method = 'byar' THEN 'byar'
        ELSE 'none'
    END;

-- Limits of a figure that is made of counts, by the method that its indicator declares: 'wilson' (a
-- share, times k) or 'byar' (a rate per k); NULL for any other, and where there is none.
CREATE OR REPLACE MACRO counted_lower_95(method_, x, n, k) AS
    CASE method_ WHEN 'wilson' THEN wilson_lower_95(x, n) * k WHEN 'byar' THEN rate_lower(x, n, k, 0.95) END;

CREATE OR REPLACE MACRO counted_upper_95(method_, x, n, k) AS
    CASE method_ WHEN 'wilson' THEN wilson_upper_95(x, n) * k WHEN 'byar' THEN rate_upper(x, n, k, 0.95) END;

CREATE OR REPLACE MACRO counted_lower_998(method_, x, n, k) AS
    CASE method_ WHEN 'wilson' THEN wilson_lower_998(x, n) * k WHEN 'byar' THEN rate_lower(x, n, k, 0.998) END;

CREATE OR REPLACE MACRO counted_upper_998(method_, x, n, k) AS
    CASE method_ WHEN 'wilson' THEN wilson_upper_998(x, n) * k WHEN 'byar' THEN rate_upper(x, n, k, 0.998) END;
