"""What bash, zsh and fish offer for a command line, with the completions that lie in a file system as a package lays
them there. Each answer has the candidates, and what the shell says of each.
"""

import pathlib
import subprocess

import harness

# zsh completes only for who types, so a second one does, at a terminal of its own (zpty). There a function before the
# builtin tells what is added, and not what is only looked up (-O, -A, -D) on the way.
ZSH = r"""
emulate zsh
zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed "fpath=(${(q)1} \$fpath) PROMPT= RPROMPT= TERM=dumb; source ${(q)2} && print '<re''ady>'"
zpty -r typed said '*<ready>*' || { print -r -- "$said" >&2; exit 1; }
shift 2
for line; do
  zpty -w -n typed "$line"$'\t'
  zpty -r typed said '*<end>*' || { print -r -- "$said" >&2; exit 1; }
  print -r -- "<begin>$said"
done
"""
TYPED = r"""
autoload -Uz compinit && compinit -u -D
compadd() {
  local -a added shown looked_up
  zparseopts -E -a looked_up O: A: D:
  if (( ! $#looked_up )); then
    builtin compadd -A added "$@"
    local at=${@[(i)-*d]}
    (( at < $# )) && shown=("${(@P)@[at + 1]}")
    local i
    for ((i = 1; i <= $#added; i++)); do print -r -- "<offer>${added[i]}<says>${shown[i]}<offered>"; done
  fi
  builtin compadd "$@"
}
offers() { _main_complete; print -r -- '<end>'; compstate[list]= compstate[insert]=; }
zle -C offers list-choices offers
ask() { zle offers; BUFFER=; }
zle -N ask
bindkey '^I' ask
"""
BASH = r"""
script=$1 && shift
compopt() { :; }
source "$script"
for line; do
  read -r -a COMP_WORDS <<<"$line"
  if [[ $line == *' ' ]]; then COMP_WORDS+=(''); fi
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _audit_manager
  echo '<begin>'
  for offer in "${COMPREPLY[@]}"; do echo "<offer>$offer<says><offered>"; done
done
"""
FISH = r"""
for line in $argv
    echo '<begin>'
    for offer in (complete -C $line)
        set -l parts (string split -m 1 \t -- $offer)
        echo "<offer>$parts[1]<says>$parts[2]<offered>"
    end
end
"""


def _told(command: list, folder: pathlib.Path, root: pathlib.Path) -> list[dict[str, str]]:
    settings = {"PATH": f"{root / 'usr/bin'}:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8",
                "XDG_DATA_DIRS": str(root / "usr/share"), "TERM": "dumb", "COLUMNS": "400"}
    done = subprocess.run(list(map(str, command)), cwd=folder, env=settings, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=harness.PATIENCE_SECONDS, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    answers = []
    for answer in done.stdout.split("<begin>")[1:]:
        offers = [one.split("<offered>")[0].split("<says>") for one in answer.split("<offer>")[1:]]
        answers.append({name.rstrip("/=") or name: says for name, says in offers})
    return answers


def _bash(root: pathlib.Path, folder: pathlib.Path, lines: list[str]) -> list[dict[str, str]]:
    script = root / "usr/share/bash-completion/completions/audit-manager"
    return _told(["bash", "-c", BASH, "bash", script, *lines], folder, root)


def _zsh(root: pathlib.Path, folder: pathlib.Path, lines: list[str]) -> list[dict[str, str]]:
    typed = folder / ".typed"
    typed.write_text(TYPED)
    completions = root / "usr/share/zsh/vendor-completions"
    return _told(["zsh", "-f", "-c", ZSH, "zsh", completions, typed, *lines], folder, root)


def _fish(root: pathlib.Path, folder: pathlib.Path, lines: list[str]) -> list[dict[str, str]]:
    return _told(["fish", "-c", FISH, *lines], folder, root)


# Each is given the root of the file system, the folder to stand in, and lines whose last word is to be completed.
SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
