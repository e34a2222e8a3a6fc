"""Quality of the local engine on `../shared/evaluation`: codes the transcripts and prints the figures of `agreement.py`.

    python -m benchmarks.coding [--evaluation DIR] [--out DIR]

All figures are shares from 0 to 1. Where the data is absent it says so and ends with 0: `make bench` goes on.

The references there are two independent codings by a large language model, checked verbatim, not codings by people: read the
figures as agreement with two demanding references. Nothing of that folder is read in training.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from assistant.extraction.engines import make_engine
from assistant.frameworks import load_framework
from assistant.pipeline import code_files
from assistant.settings import get_settings
from benchmarks.evaluation import EVALUATION, parser_of, transcripts


def main() -> int:
    """Code the transcripts and measure them; 0 where the measurement ran."""
    parser = parser_of(__doc__)
    parser.add_argument("--evaluation", type=Path, default=EVALUATION)
    parser.add_argument("--out", type=Path, default=None, help="keep the coded files here")
    args = parser.parse_args()
    script = args.evaluation / "agreement.py"
    if not script.is_file():
        print(f"{script} is not here: this benchmark needs the evaluation data beside the checkout", file=sys.stderr)
        return 0
    framework = load_framework("john-2025")
    engine = make_engine("local", framework, get_settings())
    with tempfile.TemporaryDirectory() as scratch:
        out = args.out or Path(scratch)
        outcomes = code_files(transcripts(args.evaluation), framework, engine, out)
        for o in outcomes:
            if o.error is not None:
                raise o.error
        print(f"engine {engine.name} {engine.version}; references: two codings by a language model, not by people")
        return subprocess.run([sys.executable, str(script), str(out)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
