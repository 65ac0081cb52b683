#!/usr/bin/env bash
# Reads Debian's lists of packages anew, where this machine has any and lets us. APT_LISTS_READ says that a script before has done so:
# two that do it at one time refuse each other.
if [ -z "${APT_LISTS_READ:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq || true
fi
