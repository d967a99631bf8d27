"""`stedi doctor`: shows what the examination finds.

Here: the table, the remedies, the JSON, the exit status. Not here: looking (`stedi_assets.doctor`).
"""

import json
from dataclasses import asdict
from pathlib import Path

from stedi_assets.cli.errors import refuse_without_folder
from stedi_assets.cli.terminal import Colour, in_colour, print_line, print_table


def tell(json_file: Path | None) -> int:
    """0 if all is fine, 1 if something has to be done. The JSON is an interface: names change only on purpose."""
    from stedi_assets.doctor import examine

    refuse_without_folder(json_file)
    findings = list(examine())
    to_do = [finding for finding in findings if not finding.is_fine]
    colours: dict[tuple[int, int], Colour] = {
        (row, 1): "red" if not finding.is_fine else "green" if finding.state == "ok" else "yellow"
        for row, finding in enumerate(findings)
    }
    print_table(["what", "state", "found"], [[f.what, f.state, f.found] for f in findings], colours=colours)
    for finding in to_do:
        print_line(f"{in_colour('TO DO', 'red')}  {finding.what}: {finding.remedy}")
    if json_file is not None:
        content = {"fine": not to_do, "findings": [asdict(finding) for finding in findings]}
        json_file.write_text(json.dumps(content, indent=2) + "\n")
    return 1 if to_do else 0
