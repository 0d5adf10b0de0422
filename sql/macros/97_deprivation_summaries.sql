-- The extent of deprivation in a larger area: how far an LSOA counts by its place in the national order.
--
-- Source: MHCLG, The English Indices of Deprivation, Technical Report, "Summary measures" (2019: section 3.8
-- and Appendix N; the same in 2015 and 2025).
-- Units: rank 1 is the most deprived of n. The weight is in 380ths, so that sums of people are whole numbers.
-- Edge rules: 380 (all) in the most deprived tenth; from 361 (95 %) in the 11th percentile in equal steps to
-- 19 (5 %) in the 30th; 0 beyond. NULL where the rank lies outside 1..n.

CREATE OR REPLACE MACRO extent_weight_380(imd_rank_, lsoas_ranked_) AS
    CASE
        WHEN imd_quantile(imd_rank_, lsoas_ranked_, 100) <= 10 THEN 380
        WHEN imd_quantile(imd_rank_, lsoas_ranked_, 100) <= 30
            THEN 361 - 18 * (imd_quantile(imd_rank_, lsoas_ranked_, 100) - 11)
        WHEN imd_quantile(imd_rank_, lsoas_ranked_, 100) IS NOT NULL THEN 0
    END;
