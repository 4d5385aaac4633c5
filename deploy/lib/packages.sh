# shellcheck shell=bash
# How the install scripts ask the system for packages. Sourced, never run.
#
# Owns the one apt-get update and the rule that a freshly installed server is not started: the tests
# start their own. Leaves to the callers what is needed and how to see that it is missing.

say() { printf '%s\n' "weir: $*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

is_debian() { [ -e /etc/debian_version ] && have apt-get; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    say "root is needed to run: $*"
    say "run it yourself, then start again"
    return 1
  fi
}

# Debian starts a service as soon as its package is installed, unless policy-rc.d says 101.
# A policy that is already there belongs to the machine and stays.
POLICY=/usr/sbin/policy-rc.d
POLICY_IS_OURS=no

forbid_service_starts() {
  [ ! -e "$POLICY" ] || return 0
  POLICY_IS_OURS=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
  as_root chmod 755 "$POLICY"
}

allow_service_starts() {
  [ "$POLICY_IS_OURS" = yes ] || return 0
  POLICY_IS_OURS=no
  as_root rm -f "$POLICY"
}

# apt_install PACKAGE…: installs them; one call updates the package lists once.
apt_install() {
  say "installing $*"
  trap allow_service_starts EXIT
  forbid_service_starts
  # A broken third-party list must not stop us: if the package is then unknown, the install says so.
  as_root apt-get -o DPkg::Lock::Timeout=300 update -qq </dev/null ||
    say "apt-get update failed, trying with the lists at hand"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install -y -qq --no-install-recommends "$@" </dev/null >&2
  allow_service_starts
  trap - EXIT
}
