# shellcheck shell=bash
# Where PostgreSQL's server programs are. Sourced by what installs them and by what runs them.

# Prints the folder that holds initdb and postgres, the newest first; fails when there is none.
# Debian keeps these programs out of PATH.
postgres_bin() {
  local folder
  while IFS= read -r folder; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      printf '%s\n' "$folder"
      return 0
    fi
  done < <(
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
      /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin | sort -rV
    if command -v initdb >/dev/null 2>&1; then dirname "$(command -v initdb)"; fi
    if command -v pg_config >/dev/null 2>&1; then pg_config --bindir; fi
  )
  return 1
}
