-- A straight line through yearly points, its interval, and a target.
--
-- Source: Altman DG, Gardner MJ. Calculating confidence intervals for regression and correlation.
-- BMJ 1988; 296: 1238-1242.
-- Units: n points; sxx, sxy, syy the corrected sums of squares and products, of sum_of_products or of
-- regr_sxx, regr_sxy and regr_syy; distance in years from the mean time. All intervals are 95 %.
-- Edge rules: NULL for fewer than 5 or more than 10 points (one a year within ten years) and for
-- points all at one time.

-- Corrected sum of products of two lists of the same length. Lists in a set order sum to the same
-- bits whatever the thread count, which regr_sxy does not.
CREATE OR REPLACE MACRO sum_of_products(a, b) AS
    list_sum([(v - list_sum(a) / array_length(a)) * (b[i] - list_sum(b) / array_length(b)) for v, i in a]);

-- Upper 2.5 % point of Student's t, by number of points.
CREATE OR REPLACE MACRO t_of_points(n) AS
    CASE WHEN n BETWEEN 5 AND 10 THEN
        [3.182446305284263e0, 2.7764451051977987e0, 2.570581835636314e0, 2.4469118511449692e0,
            2.3646242515927844e0, 2.306004135204166e0][n::INTEGER - 4]
    END;

CREATE OR REPLACE MACRO line_scatter(n, sxx, sxy, syy) AS
    CASE WHEN n BETWEEN 5 AND 10 AND sxx > 0 THEN
        sqrt(greatest(syy - sxy ** 2 / sxx, 0) / (n - 2))
    END;

-- Half the width of the interval of the slope, in the value's unit per year.
CREATE OR REPLACE MACRO line_slope_margin(n, sxx, sxy, syy) AS
    t_of_points(n) * line_scatter(n, sxx, sxy, syy) / sqrt(sxx);

-- Half the width of the interval of a single new value.
CREATE OR REPLACE MACRO line_prediction_margin(n, sxx, sxy, syy, distance) AS
    t_of_points(n) * line_scatter(n, sxx, sxy, syy) * sqrt(1 + 1 / n + distance ** 2 / sxx);

-- Still to go in the wanted direction: positive is not reached.
CREATE OR REPLACE MACRO to_go(value, target, polarity) AS
    CASE polarity WHEN 'low_is_good' THEN value - target WHEN 'high_is_good' THEN target - value END;

CREATE OR REPLACE MACRO reaches_target(lower_limit, upper_limit, target, polarity) AS
    CASE
        WHEN polarity NOT IN ('low_is_good', 'high_is_good') OR lower_limit IS NULL OR target IS NULL THEN NULL
        WHEN polarity = 'high_is_good' AND lower_limit >= target THEN 'yes'
        WHEN polarity = 'low_is_good' AND upper_limit <= target THEN 'yes'
        WHEN polarity = 'high_is_good' AND upper_limit < target THEN 'no'
        WHEN polarity = 'low_is_good' AND lower_limit > target THEN 'no'
        ELSE 'uncertain'
    END;
