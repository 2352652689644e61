# How long will it take? The whole move, into a database that may be thrown away, each step timed. Where manage.py is, with
# a settings module that names that database:
#
#     bash rehearse.sh DUMP SETTINGS FOLDER
#
# FOLDER, which has scrub.toml and scrub.key, gets the rest; the times are the output.
set -euo pipefail
dump=$1 settings=$2 folder=$3
TIMEFORMAT=%1R

timed() {
    local said=$folder/said.txt
    { time bash -c "set -o pipefail; $1" > "$said" 2>&1; } 2> "$folder/seconds.txt" || { cat "$said" >&2; exit 1; }
    printf '%9s s  %s\n' "$(cat "$folder/seconds.txt")" "$1"
}

# What is typed next is what `prepare` says; it may say that another `prepare` comes last.
prepared() {
    timed "$1"
    local line lines
    mapfile -t lines < <(sed -n 's/^fixtureflow: next: //p' "$folder/said.txt")
    for line in "${lines[@]}"; do
        case $line in
            fixtureflow*) prepared "$line" ;;
            *) timed "$line" ;;
        esac
    done
}

timed "fixtureflow scrub --rules $folder/scrub.toml --key-file $folder/scrub.key --settings $settings $dump -o $folder/safe.json"
target="--target django:default --target-settings $settings"
prepared "fixtureflow prepare $folder/safe.json $target --settings $settings --parts -d $folder/ready"
