#!/bin/sh
# Find or install a Chromium for the tests of the page. Without one they are skipped, unless CI asks for it.
set -eu
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
"$1/playwright" install chromium && exit 0
echo "no Chromium could be installed: the tests of the page will be skipped" >&2
