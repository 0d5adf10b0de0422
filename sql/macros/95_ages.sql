-- Ages as text, such as '5-9', '<16 yrs', '18+ yrs', '2-2.5 yrs' or 'All ages', as numbers that sort and compare.
--
-- Units: completed years, both ends included; 2.5 is two and a half.
-- Edge rules: '<16 yrs' ends at 15. The upper end is NULL where there is none ('18+ yrs', 'All ages'),
-- and both are NULL where the text names no age ('Not stated', 'School age').

CREATE OR REPLACE MACRO age_from(age_text) AS
    CASE
        WHEN age_text = 'All ages' OR age_text LIKE '<%' THEN 0.0
        ELSE TRY_CAST(regexp_extract(age_text, '^([0-9]+(\.[0-9]+)?)', 1) AS DOUBLE)
    END;

CREATE OR REPLACE MACRO age_to(age_text) AS
    CASE
        WHEN age_text LIKE '<%' THEN TRY_CAST(regexp_extract(age_text, '^<([0-9]+)', 1) AS DOUBLE) - 1
        WHEN age_text LIKE '%-%' THEN TRY_CAST(regexp_extract(age_text, '^[0-9.]+-([0-9]+(\.[0-9]+)?)', 1) AS DOUBLE)
        WHEN age_text LIKE '%+%' THEN NULL
        ELSE TRY_CAST(regexp_extract(age_text, '^([0-9]+(\.[0-9]+)?)', 1) AS DOUBLE)
    END;
