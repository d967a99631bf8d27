-- The raw accelerometer objects as they lie in the landing zone, for Athena. Keys match in any case; what is not in
-- the list of columns is passed over. $landing is the zone's URI: s3://BUCKET/PREFIX/landing.
--
-- This table reads lines. Of objects run together on one line it has the first and loses the others without a word;
-- what is no JSON object of these types ends the query, or stands as a row that nobody sent. So the lakehouse works on
-- stedi.accelerometer_landing, which has every object or its place in stedi.landing_quarantine, and
-- athena_only/rows_lost_by_lines.sql compares the two.
CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.accelerometer_landing (
    `user` string COMMENT 'Email address of the customer whose phone took the reading. Personal data.',
    `timestamp` bigint COMMENT 'When the reading was taken. Unit: epoch_ms.',
    x double COMMENT 'Movement along the x axis.',
    y double COMMENT 'Movement along the y axis.',
    z double COMMENT 'Movement along the z axis.'
)
COMMENT 'Raw accelerometer readings of the mobile app, one row per line'
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION '$landing/accelerometer/'
