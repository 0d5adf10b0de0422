-- In which area a small area lies.
--
-- Edge rules: a board of 2024 and one of 2026 are both found, whichever the footprint names. A region is
-- never found: nothing is counted for one. NULL codes lie in the nation only.

CREATE OR REPLACE MACRO lies_in(area_type, area_code, place_code, icb24_code, icb26_code) AS
    CASE area_type
        WHEN 'place' THEN place_code = area_code
        WHEN 'icb' THEN area_code IN (icb24_code, icb26_code)
        ELSE area_type = 'nation'
    END;
