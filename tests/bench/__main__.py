"""`scripts/bench NAME [--json] [options]`: run one measurement; with --json the last line is one JSON object."""

import argparse
import importlib
import json
import sys

BENCHES = {
    "ingest": "messages per second, next to the same neonize with a handler that does nothing",
    "latency": "from WhatsApp's frame to the bubble in a browser, memory and idle CPU",
    "kill": "SIGKILL to the session, the supervisor or the inbox under traffic: what is lost, doubled, how long",
    "soak": "a fault every ten seconds for many minutes: what grows, which states are wrong, what is lost",
    "edge": "late, hostile, slow, wrong and killed, all at once for many minutes: is one voice kept",
    "media": "pictures in and out over a slow line, beside words: what the words notice of it",
    "fuzz": "hostile events and stanzas through translation, ingest, recovery, pages and export",
    "race": "admins, the bot and the phone answer the same questions: who gets two answers, who gets none",
}


def main() -> None:
    """Read the name and its options, run, print."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    names = parser.add_subparsers(dest="name", metavar="NAME")
    for name, text in BENCHES.items():
        sub = names.add_parser(name, help=text)
        sub.add_argument("--json", action="store_true", help="one JSON object on the last line")
        importlib.import_module(f"tests.bench.{name}").add_options(sub)
    options = parser.parse_args()
    if options.name is None:
        parser.print_help()
        sys.exit(2)
    figures = importlib.import_module(f"tests.bench.{options.name}").measure(options)
    if options.json:
        print(json.dumps(figures))
    else:
        for key, value in figures.items():
            print(f"{key:28} {value}")
    if figures.get("promises_broken"):
        sys.exit(1)


if __name__ == "__main__":
    main()
