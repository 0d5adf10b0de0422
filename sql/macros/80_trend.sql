-- Recent trend over five annual points.
--
-- Source: Fingertips Public Health Technical Guidance, "Trend markers"; Armitage P. Tests for linear
-- trends in proportions and frequencies. Biometrics 1955; 11: 375-386.
-- Units: lists of the five most recent points, oldest first, of five consecutive years (check with
-- max(year) - min(year) = 4 and count(DISTINCT year) = 5); gradient per year, on the logit scale
-- for proportions, in the value's unit otherwise.
-- Edge rules: significant where chi-squared is strictly above its upper 0.2% point (z_998 squared,
-- about 9.5495) and leaving out any one point leaves the sign of the slope. 'Cannot be calculated'
-- unless each list has five numbers, no count is none or all of its denominator, limits have width.

CREATE OR REPLACE MACRO five_numbers(numbers) AS
    coalesce(array_length(numbers) = 5
        AND array_length(list_filter(numbers, lambda v: isfinite(v::DOUBLE))) = 5, FALSE);

-- Weighted least squares slope of y over years -2 to 2; weight 0 leaves a point out.
CREATE OR REPLACE MACRO five_point_slope(weights, y) AS
    (list_sum(weights) * list_sum([w * (i - 3) * y[i] for w, i in weights])
        - list_sum([w * (i - 3) for w, i in weights]) * list_sum([w * y[i] for w, i in weights]))
    / (list_sum(weights) * list_sum([w * (i - 3) ** 2 for w, i in weights])
        - list_sum([w * (i - 3) for w, i in weights]) ** 2);

CREATE OR REPLACE MACRO is_outlier_free(weights, y) AS
    array_length(list_filter([1, 2, 3, 4, 5], lambda left_out:
        sign(five_point_slope(
            [CASE WHEN i = left_out THEN 0e0 ELSE w END for w, i in weights], y))
        <> sign(five_point_slope(weights, y)))) = 0;

CREATE OR REPLACE MACRO trend_word(chi_squared, outlier_free, gradient) AS
    CASE
        WHEN chi_squared IS NULL THEN 'Cannot be calculated'
        WHEN NOT (chi_squared > z_998() ** 2 AND outlier_free) THEN 'No significant change'
        WHEN gradient > 0 THEN 'Increasing'
        ELSE 'Decreasing'
    END;

CREATE OR REPLACE MACRO trend_proportion_valid(x, n) AS
    five_numbers(x) AND five_numbers(n)
    AND array_length(list_filter(x, lambda v, i: v > 0 AND v < n[i])) = 5;

-- Gradient of the logit per year, ordinary least squares.
CREATE OR REPLACE MACRO trend_gradient_proportion(x, n) AS
    CASE WHEN trend_proportion_valid(x, n) THEN
        list_sum([(i - 3) * ln(v / (n[i] - v)::DOUBLE) for v, i in x]) / 10
    END;

CREATE OR REPLACE MACRO trend_chi_squared_proportion(x, n) AS
    CASE WHEN trend_proportion_valid(x, n) THEN
        list_sum(n)::DOUBLE * (list_sum(n)::DOUBLE * list_sum([(i - 3) * v for v, i in x])
            - list_sum(x)::DOUBLE * list_sum([(i - 3) * v for v, i in n])) ** 2
        / (list_sum(x)::DOUBLE * (list_sum(n) - list_sum(x))
            * (list_sum(n)::DOUBLE * list_sum([(i - 3) ** 2 * v for v, i in n])
                - list_sum([(i - 3) * v for v, i in n])::DOUBLE ** 2))
    END;

CREATE OR REPLACE MACRO recent_trend_proportion(x, n) AS
    CASE WHEN trend_proportion_valid(x, n) THEN
        trend_word(
            trend_chi_squared_proportion(x, n),
            is_outlier_free([1e0, 1e0, 1e0, 1e0, 1e0], [ln(v / (n[i] - v)::DOUBLE) for v, i in x]),
            trend_gradient_proportion(x, n)
        )
        ELSE 'Cannot be calculated'
    END;

CREATE OR REPLACE MACRO trend_valid(y, lowers, uppers) AS
    five_numbers(y) AND five_numbers(lowers) AND five_numbers(uppers)
    AND array_length(list_filter(lowers, lambda v, i: v < uppers[i])) = 5;

-- 1 / sigma^2 of each point, sigma from its 95% limits.
CREATE OR REPLACE MACRO trend_weights(lowers, uppers) AS
    [(2 * z_95() / (uppers[i] - v)) ** 2 for v, i in lowers];

CREATE OR REPLACE MACRO trend_gradient(y, lowers, uppers) AS
    CASE WHEN trend_valid(y, lowers, uppers) THEN
        five_point_slope(trend_weights(lowers, uppers), y)
    END;

CREATE OR REPLACE MACRO trend_chi_squared(y, lowers, uppers) AS
    CASE WHEN trend_valid(y, lowers, uppers) THEN
        trend_gradient(y, lowers, uppers) ** 2
        * (list_sum([w * (i - 3) ** 2 for w, i in trend_weights(lowers, uppers)])
            - list_sum([w * (i - 3) for w, i in trend_weights(lowers, uppers)]) ** 2
            / list_sum(trend_weights(lowers, uppers)))
    END;

CREATE OR REPLACE MACRO recent_trend(y, lowers, uppers) AS
    CASE WHEN trend_valid(y, lowers, uppers) THEN
        trend_word(
            trend_chi_squared(y, lowers, uppers),
            is_outlier_free(trend_weights(lowers, uppers), y),
            trend_gradient(y, lowers, uppers)
        )
        ELSE 'Cannot be calculated'
    END;
