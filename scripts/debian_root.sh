#!/usr/bin/env bash
# Makes the root of a Debian 12 in FOLDER, with PACKAGES and what they need. As root; needs mmdebstrap. Packages
# come from wherever this machine gets its own.
#
# usage: debian_root.sh FOLDER [PACKAGE...]
set -euo pipefail
folder=$1
shift
include=$(IFS=, && printf '%s' "$*")
apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" |
  mmdebstrap --variant=apt ${include:+"--include=$include"} bookworm "$folder" -
