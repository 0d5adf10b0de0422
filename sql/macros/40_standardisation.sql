-- Directly (Dobson) and indirectly standardised rates, as aggregates over age bands.
--
-- Source: direct - Dobson AJ, Kuulasmaa K, Eberle E, Scherer J. Confidence intervals for weighted
-- sums of Poisson parameters. Stat Med 1991; 10: 457-462; no rate below 10 events - Morris, Tan,
-- Fryers, Bestwick 2018, Popul Health Metr. Indirect - Breslow and Day 1987, IARC 82, chapter 2.
-- Units: events, person-years and weights by age band, one row a band within the group; k the
-- multiplier; rates per k.
-- Edge rules, direct: a NULL count is no event, its band still counts; a NULL or zero population
-- or weight, a negative count, or fewer than 10 events give NULL; dsr_reason says which. Byar's
-- limits whatever the number of events. A missing row for a band cannot be seen from here: join the
-- standard population first, so that the band is there with a NULL population.
-- For events that one person can have several of, pass as events the sum of f x persons and as
-- squared_events the sum of f^2 x persons of the band, f the number of events of these persons.
-- Edge rules, indirect: NULL counts and populations count as none; NULL where nothing is expected.
-- Sums follow the order of the rows; add ORDER BY in a subquery and compare with a tolerance.

CREATE OR REPLACE MACRO dsr_reason(events, population, weight) AS
    CASE
        WHEN bool_or(events < 0) THEN 'negative_numerator'
        WHEN bool_or(population IS NULL OR NOT isfinite(population::DOUBLE))
            THEN 'missing_population'
        WHEN bool_or(population <= 0) THEN 'population_not_positive'
        WHEN NOT bool_and(coalesce(weight > 0, FALSE)) THEN 'missing_weight'
        WHEN coalesce(sum(events), 0) < 10 THEN 'fewer_than_10_events'
    END;

CREATE OR REPLACE MACRO dsr(events, population, weight, k) AS
    CASE WHEN dsr_reason(events, population, weight) IS NULL THEN
        sum(coalesce(events, 0)::DOUBLE * weight / nullif(population, 0)::DOUBLE)
        / sum(weight::DOUBLE) * k
    END;

-- Standard error of the rate over that of the count: sqrt(variance / events).
CREATE OR REPLACE MACRO dsr_scale(events, population, weight, squared_events) AS
    sqrt(sum(coalesce(squared_events, events, 0)::DOUBLE
            -- A product: a power takes several times as long.
            * ((weight::DOUBLE / nullif(population, 0)::DOUBLE)
                * (weight::DOUBLE / nullif(population, 0)::DOUBLE)))
        / nullif(sum(coalesce(events, 0)::DOUBLE), 0)) / sum(weight::DOUBLE);

CREATE OR REPLACE MACRO dsr_lower(
    events, population, weight, k, confidence, squared_events := NULL
) AS
    dsr(events, population, weight, k)
    + dsr_scale(events, population, weight, squared_events) * k
    * (byar_lower(sum(events::DOUBLE), z_score(confidence)) - sum(events::DOUBLE));

CREATE OR REPLACE MACRO dsr_upper(
    events, population, weight, k, confidence, squared_events := NULL
) AS
    dsr(events, population, weight, k)
    + dsr_scale(events, population, weight, squared_events) * k
    * (byar_upper(sum(events::DOUBLE), z_score(confidence)) - sum(events::DOUBLE));

-- Events expected at the reference's rates.
CREATE OR REPLACE MACRO expected_events(population, reference_events, reference_population) AS
    sum(CASE WHEN coalesce(reference_events, 0) > 0
        THEN coalesce(population, 0)::DOUBLE * reference_events / reference_population::DOUBLE
        ELSE 0e0 END);

CREATE OR REPLACE MACRO isr_reason(
    events, population, reference_events, reference_population
) AS
    CASE
        WHEN count(events) = 0 THEN 'missing_numerator'
        WHEN bool_or(events < 0) THEN 'negative_numerator'
        WHEN bool_or(population < 0) THEN 'population_not_positive'
        WHEN bool_or(reference_events > 0 AND coalesce(reference_population, 0) <= 0)
            THEN 'missing_reference'
        WHEN NOT expected_events(population, reference_events, reference_population) > 0
            THEN 'expected_not_positive'
    END;

-- Indirectly standardised ratio (SMR); k is the reference's value, 100 or 1.
CREATE OR REPLACE MACRO isr_ratio(
    events, population, reference_events, reference_population, k
) AS
    CASE WHEN isr_reason(events, population, reference_events, reference_population) IS NULL THEN
        sum(events::DOUBLE)
        / expected_events(population, reference_events, reference_population) * k
    END;

CREATE OR REPLACE MACRO isr_ratio_lower(
    events, population, reference_events, reference_population, k, confidence
) AS
    CASE WHEN isr_reason(events, population, reference_events, reference_population) IS NULL THEN
        poisson_lower(sum(events::DOUBLE), confidence)
        / expected_events(population, reference_events, reference_population) * k
    END;

CREATE OR REPLACE MACRO isr_ratio_upper(
    events, population, reference_events, reference_population, k, confidence
) AS
    CASE WHEN isr_reason(events, population, reference_events, reference_population) IS NULL THEN
        poisson_upper(sum(events::DOUBLE), confidence)
        / expected_events(population, reference_events, reference_population) * k
    END;

-- Crude rate of the reference; the indirectly standardised rate is isr_ratio(..., 1) times this.
CREATE OR REPLACE MACRO reference_rate(reference_events, reference_population, k) AS
    sum(coalesce(reference_events, 0)::DOUBLE)
    / nullif(sum(coalesce(reference_population, 0)::DOUBLE), 0) * k;
