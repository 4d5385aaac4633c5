# shellcheck shell=bash
# How scripts get tools that are written in Python: each in an environment of its own below target/test-tools.
# Sourced after packages.sh, never run. The caller sets `root`.

# A Python that can make virtual environments: Debian ships ensurepip apart from python3.
makes_venvs() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

# python_tools NAME MODULE PACKAGE…: sets `venv` to an environment with these packages, made if it is not
# there or its MODULE cannot be imported. The mark is written last, so a half-made one is made again.
python_tools() {
  local name=$1 module=$2
  shift 2
  venv=$root/target/test-tools/$name
  if [ "$(cat "$venv/installed" 2>/dev/null)" = "$*" ] && "$venv/bin/python" -c "import $module" 2>/dev/null; then
    return 0
  fi
  say "installing $* into ${venv#"$root"/}"
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --retries 5 "$@"
  printf '%s\n' "$*" >"$venv/installed"
}
