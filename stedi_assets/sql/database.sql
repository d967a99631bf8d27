-- The database of the tables over the raw JSON objects. The Iceberg tables of the same names are in `stedi`.
CREATE DATABASE IF NOT EXISTS stedi_raw
COMMENT 'External tables over the raw JSON objects of the landing zone'
