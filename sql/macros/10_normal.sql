-- Quantiles of the standard normal distribution.
--
-- Source: Wichura MJ. Algorithm AS 241: The percentage points of the normal distribution. Applied
-- Statistics 1988; 37(3): 477-484, routine PPND16 (about 1 part in 10^16).
-- Units: probabilities in (0, 1) in, standard deviations out.
-- Edge rules: NULL for NULL and for a probability or confidence outside (0, 1).

-- The z of two-sided 95% and 99.8% limits. 99.8% is 3.0902, not 3.
CREATE OR REPLACE MACRO z_95() AS 1.959963984540054e0;
CREATE OR REPLACE MACRO z_998() AS 3.090232306167813e0;

-- AS 241, central region: q = p - 1/2, |q| <= 0.425, r = 0.180625 - q^2.
CREATE OR REPLACE MACRO normal_quantile_centre(q, r) AS
    q * (((((((2.5090809287301226727e+3 * r + 3.3430575583588128105e+4) * r
        + 6.7265770927008700853e+4) * r + 4.5921953931549871457e+4) * r
        + 1.3731693765509461125e+4) * r + 1.9715909503065514427e+3) * r
        + 1.3314166789178437745e+2) * r + 3.3871328727963666080e+0)
    / (((((((5.2264952788528545610e+3 * r + 2.8729085735721942674e+4) * r
        + 3.9307895800092710610e+4) * r + 2.1213794301586595867e+4) * r
        + 5.3941960214247511077e+3) * r + 6.8718700749205790830e+2) * r
        + 4.2313330701600911252e+1) * r + 1.0e0);

-- AS 241, tails: r = sqrt(-ln(min(p, 1 - p))); up to 5, s = r - 1.6.
CREATE OR REPLACE MACRO normal_quantile_tail(s) AS
    (((((((7.74545014278341407640e-4 * s + 2.27238449892691845833e-2) * s
        + 2.41780725177450611770e-1) * s + 1.27045825245236838258e+0) * s
        + 3.64784832476320460504e+0) * s + 5.76949722146069140550e+0) * s
        + 4.63033784615654529590e+0) * s + 1.42343711074968357734e+0)
    / (((((((1.05075007164441684324e-9 * s + 5.47593808499534494600e-4) * s
        + 1.51986665636164571966e-2) * s + 1.48103976427480074590e-1) * s
        + 6.89767334985100004550e-1) * s + 1.67638483018380384940e+0) * s
        + 2.05319162663775882187e+0) * s + 1.0e0);

-- AS 241, far tails: s = r - 5.
CREATE OR REPLACE MACRO normal_quantile_far_tail(s) AS
    (((((((2.01033439929228813265e-7 * s + 2.71155556874348757815e-5) * s
        + 1.24266094738807843860e-3) * s + 2.65321895265761230930e-2) * s
        + 2.96560571828504891230e-1) * s + 1.78482653991729133580e+0) * s
        + 5.46378491116411436990e+0) * s + 6.65790464350110377720e+0)
    / (((((((2.04426310338993978564e-15 * s + 1.42151175831644588870e-7) * s
        + 1.84631831751005468180e-5) * s + 7.86869131145613259100e-4) * s
        + 1.48753612908506148525e-2) * s + 1.36929880922735805310e-1) * s
        + 5.99832206555887937690e-1) * s + 1.0e0);

CREATE OR REPLACE MACRO normal_quantile(p) AS
    CASE
        WHEN NOT (p::DOUBLE > 0 AND p::DOUBLE < 1) THEN NULL
        WHEN abs(p::DOUBLE - 0.5) <= 0.425
            THEN normal_quantile_centre(p::DOUBLE - 0.5, 0.180625e0 - (p::DOUBLE - 0.5) ** 2)
        WHEN sqrt(-ln(least(p::DOUBLE, 1 - p::DOUBLE))) <= 5
            THEN sign(p::DOUBLE - 0.5)
                * normal_quantile_tail(sqrt(-ln(least(p::DOUBLE, 1 - p::DOUBLE))) - 1.6e0)
        ELSE sign(p::DOUBLE - 0.5)
            * normal_quantile_far_tail(sqrt(-ln(least(p::DOUBLE, 1 - p::DOUBLE))) - 5e0)
    END;

-- Two-sided z of a confidence level, 0.95 -> 1.96.
CREATE OR REPLACE MACRO z_score(confidence) AS
    -normal_quantile((1 - confidence::DOUBLE) / 2);
