-- Comparison of an area with a benchmark, as Fingertips judges it.
--
-- Source: Fingertips Public Health Technical Guidance, "Comparing areas"; FingertipsNext,
-- BenchmarkComparisonEngine (value of the benchmark against the interval of the area).
-- Units: limits and benchmark in the indicator's own unit, at one confidence level throughout.
-- polarity: 'high_is_good', 'low_is_good' or 'no_judgement'.
-- Edge rules: strict inequality, so a limit equal to the benchmark is similar. not_compared where
-- a limit, the benchmark or the polarity is NULL, not finite or unknown, or lower > upper. Never
-- pass an area's own value as its benchmark, nor one of another sex, age band or period.

-- Words for a position against the benchmark: -1 below, 0 about the same, 1 above, NULL unknown.
CREATE OR REPLACE MACRO judge_position(position, polarity) AS
    CASE
        WHEN position IS NULL OR polarity IS NULL THEN 'not_compared'
        WHEN polarity NOT IN ('high_is_good', 'low_is_good', 'no_judgement') THEN 'not_compared'
        WHEN position = 0 THEN 'similar'
        WHEN polarity = 'no_judgement' THEN if(position < 0, 'lower', 'higher')
        WHEN (position > 0) = (polarity = 'high_is_good') THEN 'better'
        ELSE 'worse'
    END;

CREATE OR REPLACE MACRO interval_position(lower_limit, upper_limit, benchmark) AS
    CASE WHEN isfinite(lower_limit::DOUBLE) AND isfinite(upper_limit::DOUBLE)
        AND isfinite(benchmark::DOUBLE) AND lower_limit <= upper_limit
    THEN CASE
        WHEN upper_limit < benchmark THEN -1
        WHEN lower_limit > benchmark THEN 1
        ELSE 0
    END END;

-- better, worse, similar, lower, higher or not_compared.
CREATE OR REPLACE MACRO compare_with_benchmark(lower_limit, upper_limit, benchmark, polarity) AS
    judge_position(interval_position(lower_limit, upper_limit, benchmark), polarity);

-- The two-level version: outside 95% limits only is better/worse, outside 99.8% limits best/worst.
-- Without a judgement the outer level reads lowest/highest.
CREATE OR REPLACE MACRO compare_with_benchmark_two_level(
    lower_95, upper_95, lower_998, upper_998, benchmark, polarity
) AS
    CASE
        WHEN interval_position(lower_998, upper_998, benchmark) IS NULL THEN 'not_compared'
        WHEN interval_position(lower_998, upper_998, benchmark) = 0
            THEN compare_with_benchmark(lower_95, upper_95, benchmark, polarity)
        ELSE CASE compare_with_benchmark(lower_998, upper_998, benchmark, polarity)
            WHEN 'better' THEN 'best' WHEN 'worse' THEN 'worst'
            WHEN 'lower' THEN 'lowest' WHEN 'higher' THEN 'highest'
            ELSE 'not_compared'
        END
    END;

-- Two intervals: similar wherever they overlap or touch (change since the previous period).
CREATE OR REPLACE MACRO compare_intervals(
    lower_limit, upper_limit, other_lower_limit, other_upper_limit, polarity
) AS
    judge_position(
        CASE WHEN isfinite(lower_limit::DOUBLE) AND isfinite(upper_limit::DOUBLE)
            AND isfinite(other_lower_limit::DOUBLE) AND isfinite(other_upper_limit::DOUBLE)
            AND lower_limit <= upper_limit AND other_lower_limit <= other_upper_limit
        THEN CASE
            WHEN upper_limit < other_lower_limit THEN -1
            WHEN lower_limit > other_upper_limit THEN 1
            ELSE 0
        END END,
        polarity
    );

-- A publisher's own word for an area against the nation, as one of ours; NULL where it gave none. Its
-- level, 95% or 99.8%, is left out: Fingertips prints "Better 95%" and "Better". Source: Fingertips,
-- column "Compared to England value or percentiles".
CREATE OR REPLACE MACRO publishers_judgement(printed) AS
    nullif(regexp_extract(lower(trim(printed)), '^(better|worse|similar|higher|lower)( \d+(\.\d+)?%)?$', 1), '');

-- Whether that word agrees with the figures and with the direction held here: publishers' own
-- directions have been wrong. TRUE where the nation's value is unknown.
CREATE OR REPLACE MACRO judgement_agrees(word, value_, benchmark, polarity) AS
    CASE
        WHEN word IS NULL OR polarity IS NULL THEN NULL
        WHEN word = 'similar' OR benchmark IS NULL OR value_ IS NULL THEN TRUE
        WHEN word IN ('higher', 'lower') THEN (word = 'higher') = (value_ > benchmark)
        WHEN polarity = 'no_judgement' THEN FALSE
        ELSE (word = 'better') = ((value_ > benchmark) = (polarity = 'high_is_good'))
    END;
