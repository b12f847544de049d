#!/bin/bash
# Spin 6.5.2: a channel whose process has ended is empty and dead in the verifier, and alive in the simulation
# Set-up: a process makes a channel for two messages, sends one into it, hands the channel to another process and ends; the
#   other waits until it has ended, looks at the length and receives. Simulated with ten seeds, then verified. The same model
#   with the maker kept alive.
# A good guess: simulation and verifier run one semantics: either the message survives in both, or is gone in both.
# Seen: in each simulation the length is 1 and the message is received. The verifier finds the length to be 0 and reports the
#   assertion, and without the assertion an invalid end state: the receiver waits for ever. No warning from either. With the
#   maker alive both agree that the message is there.
# Why it matters: a hand-over by a producer that ends is what one models when processes die. Simulations look fine, and the
#   verifier's "deadlock" is looked for in the protocol, although it is the channel's; a channel declared globally has none of it.
# shellcheck source-path=SCRIPTDIR source=findings_lib.sh
. "$(dirname "$0")/findings_lib.sh"

tools gcc
packages spin=6.5.2+dfsg-1
spin=$folder/$root/usr/bin/spin
complete "$spin"

# model FILE END CHECK: the last step of the maker, and what the receiver asserts of the length
model() {
    cat >"$1" <<PROMELA
chan handed = [1] of { chan };
byte ended;

proctype maker() {
    chan own = [2] of { byte };
    own!7;
    handed!own;
    ended = 1;
    $2
}

init {
    chan given;
    byte message;
    run maker();
    handed?given;
    (ended == 1 && _nr_pr <= 2 - $3);
    printf("length %d\n", len(given));
    $4
    given?message;
    printf("received %d\n", message)
}
PROMELA
}
model ended.pml "skip" 1 "assert(len(given) == 1);"
model ended_unasserted.pml "skip" 1 ""
model alive.pml "end: false" 0 "assert(len(given) == 1);"

# simulate NAME: how many of ten simulations receive; verify NAME: what the verifier says
simulate() {
    local received=0 seed
    for seed in 1 2 3 4 5 6 7 8 9 10; do
        "$spin" "-n$seed" "$1.pml" | grep -q 'received 7' && received=$((received + 1))
    done
    echo "$1: $received of 10 simulations receive 7"
}
verify() {
    "$spin" -a "$1.pml" >/dev/null && gcc -w -o pan pan.c && ./pan >verified.txt
    echo "$1: the verifier: $(sed -nE 's/^pan:1: (.*) \(at depth.*/\1/p' verified.txt | paste -sd ';'), $(grep -oE 'errors: [0-9]+' verified.txt)"
}
for name in ended ended_unasserted alive; do
    simulate "$name"
    verify "$name"
done | seen

want '^ended: 10 of 10 simulations receive 7$'
want '^ended: the verifier: assertion violated .*, errors: 1$'
want '^ended_unasserted: 10 of 10 simulations receive 7$'
want '^ended_unasserted: the verifier: invalid end state, errors: 1$'
want '^alive: 10 of 10 simulations receive 7$'
want '^alive: the verifier: , errors: 0$'
verdict
