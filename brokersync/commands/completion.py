"""`brokersync completion`."""

from __future__ import annotations

import click

from brokersync import completion


@click.command("completion")
@click.argument("shell", type=click.Choice(list(completion.SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes this program.

    SHELL is bash, zsh or fish. Then the tab key completes commands, options, brokers, faults, and the ids and users of
    the database. Put the script where the shell looks for it, and start a new shell:

    \b
      bash  ~/.local/share/bash-completion/completions/brokersync
      zsh   ~/.zfunc/_brokersync (and fpath+=~/.zfunc before compinit in ~/.zshrc)
      fish  ~/.config/fish/completions/brokersync.fish

    \b
    Examples:
      brokersync completion zsh > ~/.zfunc/_brokersync
      brokersync completion fish > ~/.config/fish/completions/brokersync.fish
      eval "$(brokersync completion bash)"    # for this one bash
    """
    click.echo(completion.script(ctx.find_root().command, shell), nl=False)
