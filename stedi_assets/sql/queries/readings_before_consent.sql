-- How many trusted readings are older than their customer's consent? Under the policy `at-reading`: 0 in each; under
-- `published`, for the reference set: 8956 of the accelerometer and 3163 of the step trainer.
WITH since_by_serial AS (
    SELECT serialnumber, min(sharewithresearchasofdate) AS since
    FROM stedi.customers_curated
    GROUP BY serialnumber
)
SELECT 'accelerometer_trusted' AS table_name, count(*) AS readings_before_consent
FROM stedi.accelerometer_trusted a
JOIN stedi.customer_trusted c ON lower(trim(a."user")) = lower(trim(c.email))
WHERE a."timestamp" < c.sharewithresearchasofdate
UNION ALL
SELECT 'step_trainer_trusted', count(*)
FROM stedi.step_trainer_trusted s
JOIN since_by_serial b ON s.serialnumber = b.serialnumber
WHERE s.sensorreadingtime < b.since
ORDER BY table_name
