-- How many trusted step trainer readings have a serial that no curated customer has? Sound: 0.
SELECT count(*) AS readings_without_customer
FROM stedi.step_trainer_trusted s
LEFT JOIN (
    SELECT DISTINCT serialnumber FROM stedi.customers_curated
) c ON s.serialnumber = c.serialnumber
WHERE c.serialnumber IS NULL
