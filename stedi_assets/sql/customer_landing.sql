-- The raw customer objects as they lie in the landing zone, for Athena. Keys match in any case; what is not in
-- the list of columns is passed over. $landing is the zone's URI: s3://BUCKET/PREFIX/landing.
--
-- This table reads lines. Of objects run together on one line it has the first and loses the others without a word;
-- what is no JSON object of these types ends the query, or stands as a row that nobody sent. So the lakehouse works on
-- stedi.customer_landing, which has every object or its place in stedi.landing_quarantine, and
-- athena_only/rows_lost_by_lines.sql compares the two.
CREATE EXTERNAL TABLE IF NOT EXISTS stedi_raw.customer_landing (
    customername string COMMENT 'Name of the customer. Personal data.',
    email string COMMENT 'Email address of the customer, which identifies the customer. Personal data.',
    phone string COMMENT 'Phone number of the customer. Personal data.',
    birthday string COMMENT 'Date of birth of the customer. Personal data.',
    serialnumber string COMMENT 'Serial of the step trainer bought, wrong for many. Personal data.',
    registrationdate bigint COMMENT 'When the customer registered. Unit: epoch_ms.',
    lastupdatedate bigint COMMENT 'When the record was last changed. Unit: epoch_ms.',
    sharewithresearchasofdate bigint COMMENT 'Since when the customer agrees to research. Unit: epoch_ms.',
    sharewithpublicasofdate bigint COMMENT 'Since when the customer shares with the public. Unit: epoch_ms.',
    sharewithfriendsasofdate bigint COMMENT 'Since when the customer shares with friends. Unit: epoch_ms.'
)
COMMENT 'Raw customer records of the website, one row per line'
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
LOCATION '$landing/customer/'
