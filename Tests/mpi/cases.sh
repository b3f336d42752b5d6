#!/usr/bin/env bash
# Small cases in which the program once did the wrong thing without a word: Tests/cases/*/run.sh, each of which exits 0 when right.
. "$(dirname "$0")/lib.sh"
for case in Tests/cases/*/run.sh; do
    name=$(basename "$(dirname "$case")")
    wanted "$name" || continue
    start=$SECONDS why=""
    PROJECT=$repository DEEPXML_DIST=$program bash "$case" >"$scratch/out" 2>&1 </dev/null || why="exit code $? after $((SECONDS - start)) s"
    verdict "$name" "$why" "$scratch/out"
done
finish
