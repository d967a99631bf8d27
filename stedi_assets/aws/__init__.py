"""What is particular to AWS.

Here: the CloudFormation template of everything that the lakehouse needs on AWS (`template.yaml`), and code that speaks
to services which only AWS has. Not here: what is computed (`transforms`), and the Glue jobs' scripts (`glue_jobs`).
"""
