-- How many trusted accelerometer readings are of nobody in customer_trusted? Sound: 0.
SELECT count(*) AS readings_without_customer
FROM stedi.accelerometer_trusted a
LEFT JOIN stedi.customer_trusted c ON lower(trim(a."user")) = lower(trim(c.email))
WHERE c.email IS NULL
