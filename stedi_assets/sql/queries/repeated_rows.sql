-- How many rows does each trusted or curated table hold again? Sound: 0 in each.
SELECT 'accelerometer_trusted' AS table_name, coalesce(sum(copies - 1), 0) AS repeated
FROM (
    SELECT count(*) AS copies FROM stedi.accelerometer_trusted GROUP BY lower(trim("user")), "timestamp", x, y, z
) a
UNION ALL
SELECT 'customer_trusted', coalesce(sum(copies - 1), 0)
FROM (SELECT count(*) AS copies FROM stedi.customer_trusted GROUP BY lower(trim(email))) c
UNION ALL
SELECT 'customers_curated', coalesce(sum(copies - 1), 0)
FROM (SELECT count(*) AS copies FROM stedi.customers_curated GROUP BY lower(trim(email))) m
UNION ALL
SELECT 'step_trainer_trusted', coalesce(sum(copies - 1), 0)
FROM (
    SELECT count(*) AS copies FROM stedi.step_trainer_trusted
    GROUP BY serialnumber, sensorreadingtime, distancefromobject
) s
ORDER BY table_name
