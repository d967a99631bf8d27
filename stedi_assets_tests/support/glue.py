"""A Glue for tests: jobs under spark-submit, with what the template has them install and nothing beside it.

Here: a Python with those packages alone, running a job's script in it, and a client that starts jobs as Glue's does.
"""

import os
import shutil
import subprocess
import sys
import uuid
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from stedi_assets.lakehouse.engines.apache_spark import jvm_environment, store_settings, submit
from stedi_assets.lakehouse.engines.jars import jar_settings
from stedi_assets.lakehouse.engines.java import java_home
from stedi_assets.lakehouse.store import Store
from stedi_assets.settings import Settings
from stedi_assets_tests.support.cloud_template import load
from stedi_assets_tests.support.commands import REPOSITORY

# What Glue 6.0 has itself. The last is not: the home's services are found with it, where a test has these.
OF_GLUE = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "pandas", "numpy", "psutil")
NO_CONSOLE = {"spark.master": "local[2]", "spark.ui.enabled": "false", "spark.log.level": "WARN"}


@dataclass(frozen=True)
class GluePython:
    """A Python as a job has it. `scripts`: the jobs' scripts, each alone as on S3."""

    folder: Path

    @property
    def scripts(self) -> Path:
        return self.folder / "scripts"

    @classmethod
    def make(cls, folder: Path) -> "GluePython":
        """Installs the project's wheel, and links the packages that the template lists."""
        venv.create(folder / "python", with_pip=False)
        (site,) = (folder / "python" / "lib").glob("python3.*/site-packages")
        pinned = [pin.partition("==")[0] for pin in load()["Mappings"]["Job"]["Modules"]["Pinned"]]
        for name in (*pinned, *OF_GLUE):
            _link(name, site)
        source = folder / "source"
        shutil.copytree(REPOSITORY / "stedi_assets", source / "stedi_assets")
        for name in ("setup.py", "pyproject.toml"):
            shutil.copy(REPOSITORY / name, source)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", str(folder / "wheel"), str(source)], check=True, capture_output=True)
        shutil.move(folder / "wheel" / "stedi_assets", site / "stedi_assets")
        made = cls(folder)
        made.scripts.mkdir()
        for script in (site / "stedi_assets" / "glue_jobs").glob("*.py"):
            (made.scripts / script.stem).mkdir()
            shutil.copy(script, made.scripts / script.stem)
        return made

    def submit(
        self, script: str, arguments: Sequence[str], store: Store, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """The job, run to its end by spark-submit."""
        conf = {**NO_CONSOLE, **store_settings(store), **jar_settings(Settings.load().cache)}
        properties = self.folder / f"{uuid.uuid4().hex}.conf"
        properties.write_text("".join(f"{name} {value}\n" for name, value in conf.items()))
        python = str(self.folder / "python" / "bin" / "python")
        return subprocess.run(
            [*submit(), "--properties-file", str(properties), str(self.scripts / script / f"{script}.py"), *arguments],
            env={
                **jvm_environment(java_home()),
                "PYSPARK_PYTHON": python,
                "PYSPARK_DRIVER_PYTHON": python,
                **environment,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def _link(name: str, site: Path) -> None:
    """Puts an installed package into another Python as it is."""
    files = distribution(name).files
    assert files is not None
    for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))


@dataclass
class SparkSubmitGlue:
    """Glue's client as far as Pipes asks it: a job run is a spark-submit that has ended when it was started.

    `runs`: by their ids, the job, its arguments, and what became of it.
    """

    python: GluePython
    store: Store
    environment: Mapping[str, str]
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name="us-east-1"))

    def start_job_run(self, **asked: Any) -> dict[str, str]:
        name, arguments = asked["JobName"], asked["Arguments"]
        words = [word for pair in arguments.items() for word in pair]
        # As Glue does, which puts its own first.
        done = self.python.submit(
            name.removeprefix("stedi-"), ["--JOB_NAME", name, *words], self.store, **self.environment
        )
        said = next((line for line in done.stdout.splitlines() if line.startswith("stedi: ")), "")
        self.runs[name] = {
            "Id": name,
            "JobName": name,
            "JobRunState": "SUCCEEDED" if done.returncode == 0 else "FAILED",
            "ErrorMessage": f"SystemExit: {said}",
            "Arguments": arguments,
            "output": done.stdout + done.stderr,
        }
        return {"JobRunId": name}

    def get_job_run(self, **asked: Any) -> dict[str, Any]:
        return {"JobRun": self.runs[asked["RunId"]]}


def credentials() -> dict[str, str]:
    """This process's way to its store, as a job's environment has it."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
