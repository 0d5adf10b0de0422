-- Slope and relative index of inequality over ordered quantiles, closed form.
--
-- Source: Low A, Low A. Measuring the gap: quantifying and comparing local health inequalities.
-- J Public Health 2004; 26: 388-395; RII as the ratio of the line's ends - Kunst and Mackenbach.
-- Units: lists of one element a quantile, most deprived first: populations, values in the
-- indicator's own unit, standard errors of the values. Build them with
-- list(population ORDER BY quantile), quantile a number: as text, 10 comes before 2.
-- Edge rules: NULL where a list has a NULL, a population is not positive, the lists differ in
-- length or there are fewer than 3 quantiles. A missing quantile cannot be seen from here: check
-- count(*) against the number of quantiles. The RII is NULL where an end of the line is not
-- positive. Rates and proportions on a log or logit scale, and simulated limits, are in Python.

CREATE OR REPLACE MACRO sii_reason(populations, y) AS
    CASE
        WHEN populations IS NULL OR y IS NULL OR array_length(populations) <> array_length(y)
            OR array_length(populations) < 3 THEN 'missing_quantile'
        WHEN array_length(list_filter(populations, lambda p: p IS NULL)) > 0 THEN 'missing_population'
        WHEN array_length(list_filter(populations, lambda p: p <= 0)) > 0 THEN 'population_not_positive'
        WHEN array_length(list_filter(y, lambda v: v IS NULL)) > 0 THEN 'missing_value'
    END;

-- Cumulative share of the population at the middle of each quantile, less one half.
CREATE OR REPLACE MACRO centred_positions(populations) AS
    [(list_sum(populations[1:i])::DOUBLE - p / 2e0) / list_sum(populations)::DOUBLE - 0.5e0
        for p, i in populations];

-- Share of each quantile times its centred position; slope weights up to one common factor.
CREATE OR REPLACE MACRO share_times_position(populations) AS
    [p / list_sum(populations)::DOUBLE
        * ((list_sum(populations[1:i])::DOUBLE - p / 2e0) / list_sum(populations)::DOUBLE - 0.5e0)
        for p, i in populations];

CREATE OR REPLACE MACRO doubles(numbers) AS [number::DOUBLE for number in numbers];

-- Difference along the line from the most to the least deprived end.
CREATE OR REPLACE MACRO sii(populations, y) AS
    CASE WHEN sii_reason(populations, y) IS NULL THEN
        list_dot_product(share_times_position(populations), doubles(y))
        / list_dot_product(share_times_position(populations), centred_positions(populations))
    END;

-- Height of the line at the most deprived end.
CREATE OR REPLACE MACRO sii_intercept(populations, y) AS
    CASE WHEN sii_reason(populations, y) IS NULL THEN
        list_dot_product(doubles(populations), doubles(y)) / list_sum(populations)::DOUBLE
        - sii(populations, y) / 2
    END;

-- Ratio of the line's ends, least over most deprived.
CREATE OR REPLACE MACRO rii(populations, y) AS
    CASE WHEN sii_intercept(populations, y) > 0
            AND sii_intercept(populations, y) + sii(populations, y) > 0
        THEN 1 + sii(populations, y) / sii_intercept(populations, y)
    END;

-- Standard error of the SII of untransformed values (life expectancy): limits sii -+ z se, exact.
CREATE OR REPLACE MACRO sii_standard_error(populations, standard_errors) AS
    CASE WHEN sii_reason(populations, standard_errors) IS NULL
            AND array_length(list_filter(standard_errors, lambda e: e < 0)) = 0 THEN
        sqrt(list_sum([(w * standard_errors[i]) ** 2
            for w, i in share_times_position(populations)]))
        / list_dot_product(share_times_position(populations), centred_positions(populations))
    END;
