-- How many training rows pair one customer's step with another's motion? Without a filter on same_customer there are
-- some wherever two customers moved in the same millisecond: 2700 of 43681 (6.2 %) in the reference set.
SELECT
    count(*) AS training_rows,
    coalesce(sum(CASE WHEN same_customer THEN 0 ELSE 1 END), 0) AS of_two_customers,
    round(avg(CASE WHEN same_customer THEN 0e0 ELSE 1e0 END), 4) AS share_of_two_customers
FROM stedi.machine_learning_curated
