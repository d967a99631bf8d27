-- How evenly do the training rows spread over the people? Sound: a least and a most near the average; one subject with
-- far more than the others would teach the machine that one person's way of moving.
WITH per_subject AS (
    SELECT subject_id, count(*) AS training_rows
    FROM stedi.machine_learning_curated
    GROUP BY subject_id
)
SELECT
    count(*) AS subjects,
    min(training_rows) AS least,
    round(avg(CAST(training_rows AS double)), 1) AS average,
    max(training_rows) AS most
FROM per_subject
