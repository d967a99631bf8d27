-- What arrived and did not fit, and why? Sound: no rows; else the reasons tell which delivery to ask for again.
SELECT source, reason, field, count(*) AS records, sum(source_bytes) AS total_bytes
FROM stedi.landing_quarantine
GROUP BY source, reason, field
ORDER BY records DESC, source, reason, field
