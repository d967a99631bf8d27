-- What share of the customers agreed to research? For the reference set 482 of 956 (50.4 %); a fall from one delivery
-- to the next is a defect of the website or a wave of withdrawals, and wants to be known before training.
WITH landed AS (
    SELECT count(DISTINCT lower(trim(email))) AS customers FROM stedi.customer_landing
),
trusted AS (
    SELECT count(*) AS agreed FROM stedi.customer_trusted
)
SELECT
    l.customers,
    t.agreed,
    round(CAST(t.agreed AS double) / nullif(l.customers, 0), 4) AS share_agreed
FROM landed l
CROSS JOIN trusted t
