#!/usr/bin/env bash
# launch/install: what it puts where, that the installed program works from any folder with its own configs and scripts, that a
# second installation changes nothing, what it refuses, and that --uninstall takes away just what was installed.
. "$(dirname "$0")/lib.sh"
prefix=$scratch/prefix data=$scratch/data out=$scratch/out err=$scratch/err
export DEEPXML_DIST=$program
small_dataset "$data/Small" 120 30 80 40
mkdir -p "$prefix/share/man" "$scratch/elsewhere"
echo 'not ours' >"$prefix/share/man/other"
before=$(cd "$prefix" && find . | sort)

# ends CODE ARGUMENT...: launch/install ends with this code; what is wrong is said in $why.
ends() {
    local code=$1 status
    shift
    launch/install "$@" >"$out" 2>"$err" </dev/null
    status=$?
    why=""
    [ "$status" -eq "$code" ] || why="exit code $status, not $code; "
}

# says PATTERN: of the last command's errors.
says() { grep -q -- "$1" "$err" || why+="no \"$1\"; "; }

contents() { (cd "$prefix" && find . -type f ! -name installed -exec sha256sum {} + | sort -k 2); }

ends 0 "$prefix"
verdict 'launch/install PREFIX' "$why" "$out" "$err"

why="" share=$prefix/share
for file in "$prefix/bin/deepxml-dist" "$share/deepxml-dist/configs/DeepXML/default.json" "$share/deepxml-dist/launch/slurm/job" \
    "$share/bash-completion/completions/deepxml-dist" "$share/zsh/site-functions/_deepxml-dist" \
    "$share/fish/vendor_completions.d/deepxml-dist.fish" "$share/man/man1/deepxml-dist.1"; do
    [ -s "$file" ] || why+="$file is missing; "
done
cmp -s "$program" "$prefix/bin/deepxml-dist" || why+="another program; "
verdict 'program, configs, scripts, completions and man pages are in their places' "$why"

# The installed program, from a folder without configs, finds the installed ones.
(cd "$scratch/elsewhere" && "${launcher[@]}" -np 2 "$prefix/bin/deepxml-dist" --data "$data" --dataset Small --seeds 1 -q \
    --set global.embedding_dims=16 --set extreme.num_epochs=1 --set surrogate.num_epochs=1 --set reranker.num_epochs=1 \
    "${small_settings[@]}") >"$out" 2>"$err" </dev/null && why="" || why="it failed; "
[ -s "$scratch/elsewhere/results/DeepXML/Astec/Small/v_0/score.npz" ] || why+="no scores; "
verdict 'the installed program trains under mpirun with the installed configs' "$why" "$out" "$err"

# The installed script takes the installed program, whatever the environment of this test says.
(cd "$scratch/elsewhere" && unset DEEPXML_DIST && RANKS=1 "$share/deepxml-dist/launch/run_main.sh" 0 DeepXML Small again 1 \
    --data "$data" --set surrogate.init=random --set reranker.init=random --dry-run) >"$out" 2>"$err" </dev/null &&
    why="" || why="it failed"
verdict 'the installed run_main.sh finds the installed program' "$why" "$out" "$err"

why=""
[ "$("$prefix/bin/deepxml-dist" --version)" = "deepxml-dist $(sed -nE 's/^public let programVersion = "(.*)"/\1/p' \
    Sources/Support/ProgramVersion.swift)" ] || why="another version"
verdict 'the installed program says its version' "$why"

# A page for each subcommand; every option of train is in its page, and no other line of roff is asked for than those known.
why="" pages=$share/man/man1
for command in $("$program" --help | sed -nE '/^SUBCOMMANDS:/,$ s/^  ([a-z]+) .*/\1/p'); do
    [ -s "$pages/deepxml-dist-$command.1" ] || why+="no page of $command; "
    for option in $("$program" "$command" --help | grep -oE '^ +(-[a-z], )?--[A-Za-z-]+' | grep -oE -- '--[A-Za-z-]+'); do
        grep -qF -- "\\fB${option//-/\\-}\\fP" "$pages/deepxml-dist-$command.1" || why+="$command $option is not in its page; "
    done
done
[ "$(find "$pages" -name '*.1' | wc -l)" -ge 11 ] || why+="too few pages; "
grep -LE '^\.TH "DEEPXML' "$pages"/*.1 | grep -q . && why+="a page without its title; "
LC_ALL=C grep -lP '[^\x00-\x7F]' "$pages"/*.1 | grep -q . && why+="a page that is not ASCII; "
if command -v man >/dev/null; then
    for page in "$pages"/*.1; do
        LC_ALL=C man --warnings -l "$page" >"$out" 2>"$err" </dev/null || why+="man fails on ${page##*/}; "
        [ -s "$err" ] && why+="man complains about ${page##*/}; "
        grep -q 'EXIT STATUS' "$out" || why+="${page##*/} is cut off; "
    done
fi
verdict 'man pages' "$why" "$err"

# The completions load, and the one of bash completes.
why=""
bash -c '. "$1" && COMP_WORDS=(deepxml-dist insp) COMP_CWORD=1 COMP_LINE="deepxml-dist insp" COMP_POINT=17 COMP_TYPE=9 &&
    { complete -p deepxml-dist | grep -q _deepxml-dist; } && _deepxml-dist deepxml-dist insp deepxml-dist &&
    [[ " ${COMPREPLY[*]} " == *" inspect"* ]]' _ "$share/bash-completion/completions/deepxml-dist" >"$out" 2>"$err" ||
    why+="bash does not complete insp; "
grep -q '^#compdef deepxml-dist' "$share/zsh/site-functions/_deepxml-dist" || why+="zsh: no #compdef; "
! command -v zsh >/dev/null || zsh -n "$share/zsh/site-functions/_deepxml-dist" 2>>"$err" || why+="zsh does not read it; "
! command -v fish >/dev/null || fish -n "$share/fish/vendor_completions.d/deepxml-dist.fish" 2>>"$err" || why+="fish does not read it; "
grep -q "complete -c 'deepxml-dist'" "$share/fish/vendor_completions.d/deepxml-dist.fish" || why+="fish: no completions; "
verdict 'completions for bash, zsh and fish' "$why" "$err"

first=$(contents)
ends 0 "$prefix"
[ "$(contents)" = "$first" ] || why+="the files differ; "
verdict 'installing again changes nothing' "$why" "$out" "$err"

echo '{}' >"$share/deepxml-dist/configs/DeepXML/default.json"
ends 0 "$prefix"
[ "$(cat "$share/deepxml-dist/configs/DeepXML/default.json.edited" 2>&1)" = '{}' ] || why+="the edit is lost; "
rm -f "$share/deepxml-dist/configs/DeepXML/default.json.edited"
[ "$(contents)" = "$first" ] || why+="the files differ; "
verdict 'an edited config is saved before it is replaced' "$why" "$out" "$err"

ends 2
says 'PREFIX is missing'
verdict 'without a prefix' "$why" "$err"
ends 2 --prefix=/usr
says 'unknown option'
verdict 'an unknown option' "$why" "$err"
ends 2 --uninstall "$scratch/elsewhere"
says 'nothing was installed'
verdict 'nothing to uninstall' "$why" "$err"
mkdir -p "$scratch/taken/bin" && echo mine >"$scratch/taken/bin/deepxml-dist"
ends 2 "$scratch/taken"
says 'was not installed by this script'
[ "$(find "$scratch/taken" -type f | wc -l)" -eq 1 ] && grep -q mine "$scratch/taken/bin/deepxml-dist" || why+="it was touched; "
verdict "another program's file is not overwritten" "$why" "$err"
ends 2 "$scratch/taken/bin/deepxml-dist/x"
says 'not a folder'
verdict 'a file where the prefix should be' "$why" "$err"

# Root may write everywhere: it asks as another user.
other=()
[ "$(id -u)" -ne 0 ] || other=(setpriv --reuid=65534 --regid=65534 --clear-groups env TMPDIR=/tmp)
if "${other[@]}" test -r launch/install -a -x "$program" 2>"$err"; then
    why=""
    "${other[@]}" launch/install /usr/deepxml-dist-test >"$out" 2>"$err" </dev/null
    [ $? -eq 2 ] || why+="not exit code 2; "
    says 'may not write to /usr'
    verdict 'a folder that one may not write to' "$why" "$out" "$err"
fi

DESTDIR=$scratch/package ends 0 /opt/xc
[ -x "$scratch/package/opt/xc/bin/deepxml-dist" ] || why+="no program; "
verdict 'DESTDIR' "$why" "$out" "$err"
DESTDIR=$scratch/package ends 0 --uninstall /opt/xc
[ ! -e "$scratch/package/opt/xc" ] || why+="left: $(find "$scratch/package/opt/xc" | head -3); "
verdict 'DESTDIR: uninstalled' "$why" "$out" "$err"

ends 0 --uninstall "$prefix"
[ "$(cd "$prefix" && find . | sort)" = "$before" ] || why+="left or lost: $(cd "$prefix" && diff <(echo "$before") <(find . | sort)); "
verdict '--uninstall leaves what was there before' "$why" "$out" "$err"
ends 0 "$prefix" && echo '{}' >"$share/deepxml-dist/configs/DeepXML/default.json"
ends 0 --uninstall "$prefix"
left=$(cd "$prefix" && find . -type f | sort | tr '\n' ' ')
[ "$left" = './share/deepxml-dist/configs/DeepXML/default.json ./share/man/other ' ] || why+="left: $left; "
verdict '--uninstall leaves an edited file' "$why" "$out" "$err"
finish
