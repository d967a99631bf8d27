"""Completion: the scripts, and what a real bash makes of one."""

import os
import subprocess

import pytest
from click.testing import CliRunner

from stedi_assets.cli.main import stedi
from stedi_assets.contracts import CONTRACTS
from stedi_assets_tests.support.commands import BIN

# What a shell does at the Tab key.
TAB = """
eval "$(stedi completion bash)"
COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_stedi_completion stedi
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    told = CliRunner().invoke(stedi, ["completion", shell])
    assert told.exit_code == 0
    assert f"_STEDI_COMPLETE={shell}_complete" in told.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("stedi do", ["doctor", "down"]),
        ("stedi run --qu", ["--quiet"]),
        ("stedi run --select customers", ["customers_curated"]),
        ("stedi run --select customer_trusted machine", ["machine_learning_curated"]),
        ("stedi run --select customer_trusted,customers", ["customer_trusted,customers_curated"]),
        ("stedi query --as-of machine", ["machine_learning_curated="]),
        ("stedi run --select ''", [contract.table for contract in CONTRACTS]),
    ],
)
def test_bash_completes_commands_options_and_tables(words: str, offered: list[str]) -> None:
    told = subprocess.run(
        ["bash", "-c", TAB.format(words=words)],
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == offered
