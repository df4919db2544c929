#!/bin/sh
# Runs the given TAP programs one after the other; prints what failed in full, and one line for each that passed. WRAP goes before each program.
failed=0
for program in "$@"; do
	name=$(basename "$program")
	output=$($WRAP "$program" 2>&1)
	status=$?
	results=$(printf '%s\n' "$output" | grep -c '^ok ')
	if [ $status -ne 0 ] || ! printf '%s\n' "$output" | grep -q '^1\.\.'; then
		failed=1
		printf '%s\n' "$output"
		echo "FAILED $name (exit $status)"
	else
		printf '%s\n' "$output" | grep '# SKIP'
		echo "passed $name: $results tests"
	fi
done
exit $failed
