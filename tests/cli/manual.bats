# The manual page is sound and complete, and what 'make install' puts where.
# bats file_tags=one-engine

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	WORK=$(mktemp -d /tmp/kjob-cli.XXXXXX)
	SOURCE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	BUILT=$(cd "$(dirname "$KJOB_BIN")" && pwd)
	export WORK SOURCE BUILT
}

teardown_file() {
	rm -rf "$WORK"
}

# The page as people read it, without styles and with whole lines.
page() {
	[ -f "$WORK/page" ] || GROFF_NO_SGR=1 groff -k -man -Tutf8 -rLL=400n -P-cbou "$BUILT/kjob.1" >"$WORK/page"
	cat "$WORK/page"
}

page_has() { # EXTENDED-REGULAR-EXPRESSION, of one line
	page | grep -qE -- "$1" && return
	echo "no line of the page matches: $1"
	return 1
}

commands() { # those of 'kjob help', and below them those that have commands of their own
	local c
	for c in $(kjob help | sed -n 's/^  \([a-z][a-z-]*\)   *[A-Z].*/\1/p'); do
		echo "$c"
		kjob help "$c" | sed -n '/^Commands:/,/^$/ s/^  \([a-z ]*[a-z]\)   *[A-Z].*/\1/p'
	done
}

# make_in_source GOAL [VARIABLE=VALUE...]: as from a shell, though a make may have started this test.
make_in_source() {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$SOURCE" BUILD="$BUILT" PREFIX=/usr "$@"
}

@test "the page has no error of typesetting" {
	try groff -ww -k -man -Tutf8 -z "$BUILT/kjob.1"
	is "$rc" 0
	is "$err" ""
	lacks "$(grep -oE '@[A-Z]+@' "$BUILT/kjob.1")" "@"
}

@test "the page has every command and each of its options" {
	local c option
	between 15 "$(commands | wc -l)" 100
	while read -r c; do
		page_has "^ +kjob $c( |\$)"
		for option in $(kjob help $c | grep -oE '^  +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			page_has "^ +(-[a-zA-Z], )?$option(\[|=| |\$)"
		done
	done < <(commands)
}

@test "the page has a chapter for all that a user looks for" {
	local title
	for title in NAME SYNOPSIS DESCRIPTION COMMANDS 'OPTIONS OF EVERY COMMAND' 'WHAT IS SUPPORTED' ENVIRONMENT \
		FILES 'EXIT STATUS' SECURITY EXAMPLES 'SEE ALSO'; do
		page_has "^$title\$"
	done
	page_has "kjob $(kjob version --client -o json | jq -r .clientVersion.gitVersion) "
}

@test "the page has every variable that the program asks for" {
	local name
	for name in $(grep -rhoE 'getenv\("(KJOB|DOCKER|CONTAINER|XDG)_[A-Z_]+"|xdg_folder\("[A-Z_]+"' "$SOURCE/cmd" \
		"$SOURCE/controller" "$SOURCE/runtime" --include='*.c' | cut -d'"' -f2 | sort -u); do
		page_has "^ .*$name"
	done
}

@test "make install puts program and page below DESTDIR, and make uninstall takes them away" {
	make_in_source install DESTDIR="$T/root"
	is "$(cd "$T/root" && find . -type f -printf '%m %p\n' | sort)" $'644 ./usr/share/man/man1/kjob.1\n755 ./usr/bin/kjob'
	is "$("$T/root/usr/bin/kjob" version --client)" "$(kjob version --client)"
	make_in_source uninstall DESTDIR="$T/root"
	is "$(find "$T/root" -type f)" ""
}
