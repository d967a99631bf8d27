-- How many objects do the line-oriented raw tables lose that the lakehouse has? Sound deliveries: 0 lost; more where
-- objects run together on a line. Below 0: rows that are no object, those in quarantine, or those of the erased.
WITH raw_tables AS (
    SELECT 'customer_landing' AS table_name, count(*) AS raw_lines FROM stedi_raw.customer_landing
    UNION ALL
    SELECT 'accelerometer_landing', count(*) FROM stedi_raw.accelerometer_landing
    UNION ALL
    SELECT 'step_trainer_landing', count(*) FROM stedi_raw.step_trainer_landing
),
landing_tables AS (
    SELECT 'customer_landing' AS table_name, count(*) AS objects FROM stedi.customer_landing
    UNION ALL
    SELECT 'accelerometer_landing', count(*) FROM stedi.accelerometer_landing
    UNION ALL
    SELECT 'step_trainer_landing', count(*) FROM stedi.step_trainer_landing
)
SELECT l.table_name, l.objects, r.raw_lines, l.objects - r.raw_lines AS lost
FROM landing_tables l
JOIN raw_tables r ON l.table_name = r.table_name
ORDER BY l.table_name
