"""`balas doctor`: what is wrong, and what to do about it."""

import json
import sys
from dataclasses import asdict

import click

from daemon.commands.doctor.checks import examine
from daemon.commands.doctor.findings import Finding, Health, wrong
from daemon.config import Config, ConfigError

_SIGNS = {Health.OK: "ok   ", Health.NOTE: "note ", Health.WRONG: "WRONG"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(as_json: bool) -> None:
    """Look at everything Balas needs; exits with 1 if anything is wrong."""
    findings: list[Finding] = []
    try:
        for finding in examine(Config.from_env()):
            findings.append(finding)
            if not as_json:
                _print(finding)
    except ConfigError as error:
        findings.append(wrong("settings", str(error), "Mend this setting."))
        if not as_json:
            _print(findings[-1])
    well = all(finding.health != Health.WRONG for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": well, "findings": [asdict(finding) for finding in findings]}))
    if not well:
        sys.exit(1)


def _print(finding: Finding) -> None:
    click.echo(f"{_SIGNS[finding.health]}  {finding.check}: {finding.line}")
    if finding.remedy:
        click.echo(f"       → {finding.remedy}")
