-- How many rows has each table? Sound, for the reference set: the published counts (README, The tables).
SELECT 'customer_landing' AS table_name, count(*) AS row_count FROM stedi.customer_landing
UNION ALL
SELECT 'accelerometer_landing', count(*) FROM stedi.accelerometer_landing
UNION ALL
SELECT 'step_trainer_landing', count(*) FROM stedi.step_trainer_landing
UNION ALL
SELECT 'landing_quarantine', count(*) FROM stedi.landing_quarantine
UNION ALL
SELECT 'customer_trusted', count(*) FROM stedi.customer_trusted
UNION ALL
SELECT 'accelerometer_trusted', count(*) FROM stedi.accelerometer_trusted
UNION ALL
SELECT 'customers_curated', count(*) FROM stedi.customers_curated
UNION ALL
SELECT 'step_trainer_trusted', count(*) FROM stedi.step_trainer_trusted
UNION ALL
SELECT 'machine_learning_curated', count(*) FROM stedi.machine_learning_curated
ORDER BY table_name
