-- How many trusted customers does the newest record in landing not allow to research? Sound: 0.
WITH newest AS (
    SELECT lower(trim(email)) AS customer, max(lastupdatedate) AS updated
    FROM stedi.customer_landing
    GROUP BY lower(trim(email))
),
governing AS (
    SELECT n.customer, min(coalesce(r.sharewithresearchasofdate, 0)) AS agreed_at
    FROM newest n
    JOIN stedi.customer_landing r ON lower(trim(r.email)) = n.customer AND r.lastupdatedate = n.updated
    GROUP BY n.customer
)
SELECT count(*) AS customers_without_consent
FROM stedi.customer_trusted t
LEFT JOIN governing g ON lower(trim(t.email)) = g.customer
WHERE coalesce(g.agreed_at, 0) <= 0 OR coalesce(t.sharewithresearchasofdate, 0) <= 0
