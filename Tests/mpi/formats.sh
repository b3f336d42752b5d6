#!/usr/bin/env bash
# Features and labels in every format, both ways, against files of numpy, scipy, pickle and gzip: Tests/oracles/formats.py.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

venv=${DEEPXML_VENV:-/tmp/deepxml-venv}
python=$venv/bin/python
if ! { [ -x "$python" ] && "$python" -c 'import numpy, scipy, h5py' 2>/dev/null; }; then
    python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check numpy scipy h5py ||
        { fail "a venv with numpy, scipy and h5py in $venv" "it cannot be made: set DEEPXML_VENV to one that has them"; finish; }
fi

"$python" "$repository/Tests/oracles/formats.py" "$program" "$scratch" >"$scratch/checks" 2>"$scratch/errors"
status=$?
while IFS= read -r line; do
    case $line in
        "ok "*) pass "${line#ok }" ;;
        "FAILED "*) fail "${line#FAILED }" "see above" ;;
    esac
done <"$scratch/checks"
verdict "formats.py ran to its end" "$([ "$status" -eq 0 ] || echo "exit code $status")" "$scratch/errors"
finish
