"""The Typer application. Heavy modules are imported inside the commands: ``--help`` must answer at once."""

from __future__ import annotations

import sys

import typer

from assistant.cli import demo, doctor, files, frameworks, interview, project, webapp
from assistant.errors import AssistantError

INTERRUPTED = 130

app = typer.Typer(
    name="assistant",
    help="MLOps interview assistant: transcripts in; quoted evidence, maturity stages and a report out. Works offline.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("code")(files.code)
app.command("score")(files.score)
app.command("report")(files.report)
app.command("verify")(files.verify)
app.add_typer(files.transcripts_app, name="transcripts")
app.add_typer(frameworks.app, name="frameworks")
app.add_typer(project.app, name="project")
app.add_typer(interview.app, name="interview")
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
app.command("app")(webapp.webapp)


def _version(value: bool) -> None:
    if value:
        from assistant import __version__

        typer.echo(f"mlops-interview-assistant {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version and exit."),
) -> None:
    """MLOps interview assistant: transcripts in; quoted evidence, maturity stages and a report out. Works offline."""


def run(arguments: list[str] | None = None) -> int:
    """Run with the given arguments (the process's where None) and give the exit code."""
    try:
        code = int(app(args=arguments, prog_name="assistant", standalone_mode=False) or 0)
    except AssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except typer.Exit as exit_:
        code = exit_.exit_code
    except Exception as error:  # noqa: BLE001 -- narrowed at once: only usage errors of the parser are handled
        return _usage(error)
    if code == INTERRUPTED:
        # Newer versions of the parser turn Ctrl-C into this code themselves.
        print("interrupted; what was finished is kept", file=sys.stderr)
    return code


def _usage(error: Exception) -> int:
    """The parser's own errors (unknown option, bad value) as it words them; anything else is a defect and is raised."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return int(getattr(error, "exit_code", 2))
