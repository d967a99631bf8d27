-- The raw step trainer objects as they lie in the landing zone, for Athena. Keys match in any case; what is not in
-- the list of columns is passed over. $landing is the zone's URI: s3://BUCKET/PREFIX/landing.
--
-- This table reads lines. Of objects run together on one line it has the first and loses the others without a word;
-- what is no JSON object of these types ends the query, or stands as a row that nobody sent. So the lakehouse works on
-- stedi.step_trainer_landing, which has every object or its place in stedi.landing_quarantine, and
-- athena_only/rows_lost_by_lines.sql compares the two.
CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.step_trainer_landing (
    sensorreadingtime bigint COMMENT 'When the reading was taken. Unit: epoch_ms.',
    serialnumber string COMMENT 'Serial of the step trainer that took the reading. Personal data.',
    distancefromobject int COMMENT 'Distance to the object that the sensor saw. Unit: cm.'
)
COMMENT 'Raw step trainer readings of the IoT stream, one row per line'
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION '$landing/step_trainer/'
